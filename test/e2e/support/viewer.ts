/** A WebSocket client that keeps every message, each checked against the protocol's schema. */
import { WebSocket } from "ws";
import { type ServerMessage, serverMessageSchema } from "../../../src/model/wire.ts";

export interface Viewer {
  readonly messages: readonly ServerMessage[];
  close(): void;
}

export function watchSocket(url: string): Viewer {
  const messages: ServerMessage[] = [];
  const socket = new WebSocket(new URL("ws", url.replace(/^http/, "ws").replace(/\/?$/, "/")));
  socket.on("message", (data: Buffer) => messages.push(serverMessageSchema.parse(JSON.parse(data.toString()))));
  return { messages, close: () => socket.terminate() };
}

/** The call sites that a message shows. */
export function rowsOf(message: ServerMessage): number {
  if (message.type === "hello") return 0;
  return message.type === "snapshot" ? message.snapshot.callers.length : message.callers.length;
}

/** What the guest had done when a message was sent. */
export function milestoneOf(message: ServerMessage): string | null {
  return message.type === "hello" ? null : message.link.milestone;
}
