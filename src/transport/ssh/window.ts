/**
 * The channel's window is what holds a sender whose reader is slow. ssh2 gives it back whenever a byte of standard error is read,
 * also while standard output lies unread, so that a script which talks on both would fill this machine's memory. Here what ssh2
 * would give back is held until the output has been read.
 */
import type { Client, ClientChannel } from "ssh2";

export interface Windows {
  /** Takes charge of a channel's window; gives what must be called when some of its output was read. */
  hold(channel: ClientChannel): () => void;
}

/** Unread output beyond which nothing is given back; with the window that is out by then, about 3 MB. */
const FULL_BYTES = 1024 * 1024;

interface Held {
  readonly channel: ClientChannel;
  bytes: number;
}

/** Of ssh2 that is used here and has no type. */
interface Insides {
  readonly _protocol: { channelWindowAdjust(id: number, bytes: number): void };
}

export function channelWindows(client: Client): Windows {
  const protocol = (client as unknown as Insides)._protocol;
  const give = protocol.channelWindowAdjust.bind(protocol);
  const held = new Map<number, Held>();
  protocol.channelWindowAdjust = (id, bytes) => {
    const of = held.get(id);
    if (of !== undefined && of.channel.readableLength >= FULL_BYTES) of.bytes += bytes;
    else give(id, bytes);
  };
  return {
    hold: (channel) => {
      const { id } = (channel as unknown as { outgoing: { id: number } }).outgoing;
      const own: Held = { channel, bytes: 0 };
      held.set(id, own);
      // The server may use the number again.
      channel.once("close", () => {
        if (held.get(id) === own) held.delete(id);
      });
      return () => {
        if (own.bytes === 0 || held.get(id) !== own || channel.readableLength >= FULL_BYTES) return;
        const { bytes } = own;
        own.bytes = 0;
        give(id, bytes);
      };
    },
  };
}
