/** A WebSocket that comes back by itself. Knows nothing of what is said through it. */
import { retryDelayMs } from "./retry-delay.ts";
import { type Admission, admission } from "./token.ts";

export type ConnectionState =
  | { readonly phase: "connecting"; readonly attempt: number; readonly sinceMs: number }
  | { readonly phase: "open" }
  | {
      readonly phase: "down";
      readonly attempt: number;
      readonly sinceMs: number;
      readonly retryAtMs: number;
      readonly why: string;
    }
  /** Nothing is tried any more until there is a token. */
  | { readonly phase: "locked"; readonly why: string }
  | { readonly phase: "closed" };

/** What is offered beside the ticket; the server takes this one. */
const SUBPROTOCOL = "kmemtap.wire.2";

export interface ConnectionEvents {
  onState(state: ConnectionState): void;
  onText(text: unknown): void;
}

export interface Connection {
  /** Dropped when the socket is not open: whoever is gone gets a full snapshot at its return. */
  send(text: string): void;
  /** Give up the socket there is, if any, and open another at once. */
  reconnect(): void;
  /** For good. */
  close(): void;
}

export function connect(url: URL, events: ConnectionEvents): Connection {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let downSinceMs = Date.now();
  /** Which opening an answer belongs to: one that was given up says nothing. */
  let opening = 0;

  function open(): void {
    abandon();
    attempt++;
    events.onState({ phase: "connecting", attempt, sinceMs: downSinceMs });
    const asked = ++opening;
    admission().then(
      (admitted) => {
        if (asked === opening) enter(admitted);
      },
      () => {
        if (asked === opening) wait("no answer");
      },
    );
  }

  function enter(admitted: Admission): void {
    if (admitted.state === "token-needed") {
      events.onState({ phase: "locked", why: admitted.why });
      return;
    }
    if (admitted.state !== "admitted") {
      wait(admitted.why);
      return;
    }
    const opened = new WebSocket(url, [SUBPROTOCOL, `ticket.${admitted.ticket}`]);
    socket = opened;
    opened.onopen = () => events.onState({ phase: "open" });
    opened.onmessage = (event: MessageEvent<unknown>) => {
      // Only now is the server known to be well: one that accepts and hangs up must not be tried in a tight loop.
      attempt = 0;
      events.onText(event.data);
    };
    opened.onclose = (event) =>
      wait(event.reason || (event.code === 1006 ? "no answer" : `closed with code ${event.code}`));
  }

  function wait(why: string): void {
    if (attempt === 0) downSinceMs = Date.now();
    attempt = Math.max(1, attempt);
    const next = attempt + 1;
    const delayMs = retryDelayMs(next, Math.random());
    events.onState({ phase: "down", attempt: next, sinceMs: downSinceMs, retryAtMs: Date.now() + delayMs, why });
    timer = setTimeout(open, delayMs);
  }

  function abandon(): void {
    clearTimeout(timer);
    opening++;
    if (socket === undefined) return;
    // Its late events would speak for the new socket.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    socket = undefined;
  }

  open();
  return {
    send: (text) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(text);
    },
    reconnect: () => {
      if (attempt === 0) downSinceMs = Date.now();
      open();
    },
    close: () => {
      abandon();
      events.onState({ phase: "closed" });
    },
  };
}
