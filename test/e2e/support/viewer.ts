/** A WebSocket client that keeps every message, each checked against the protocol's schema, and follows the first target. */
import { WebSocket } from "ws";
import { type ServerMessage, serverMessageSchema } from "../../../src/model/wire.ts";

/** Of one target, and with its state. */
export type TargetMessage = Extract<ServerMessage, { type: "snapshot" | "changes" }>;

export interface Viewer {
  readonly messages: readonly ServerMessage[];
  close(): void;
}

export function watchSocket(url: string): Viewer {
  const messages: ServerMessage[] = [];
  const socket = new WebSocket(new URL("ws", url.replace(/^http/, "ws").replace(/\/?$/, "/")));
  let subscribed = false;
  socket.on("message", (data: Buffer) => {
    const message = serverMessageSchema.parse(JSON.parse(data.toString()));
    messages.push(message);
    if (subscribed || !("targets" in message) || message.targets.length === 0) return;
    subscribed = true;
    socket.send(JSON.stringify({ type: "subscribe", target: message.targets[0].id }));
  });
  return { messages, close: () => socket.terminate() };
}

export function isOfTarget(message: ServerMessage): message is TargetMessage {
  return message.type === "snapshot" || message.type === "changes";
}

/** The call sites that a message shows. */
export function rowsOf(message: ServerMessage): number {
  if (!isOfTarget(message)) return 0;
  return message.type === "snapshot" ? message.snapshot.callers.length : message.callers.length;
}

/** What the guest had done when a message was sent. */
export function milestoneOf(message: ServerMessage): string | null {
  return isOfTarget(message) ? message.link.milestone : null;
}
