/** A connection whose network takes nothing while it is slow, and what a page would show of all that it was sent. */
import { expect } from "vitest";
import type { CallerRow } from "../../src/model/snapshot.ts";
import {
  type ChangesMessage,
  type ServerMessage,
  serverMessageSchema,
  type SnapshotMessage,
} from "../../src/model/wire.ts";

/** Bytes that wait for the network, more than anybody is given. */
export const SLOW = 1 << 30;

export class ViewerSocket {
  bufferedAmount = 0;
  readonly texts: string[] = [];

  get messages(): ServerMessage[] {
    return this.texts.map((text) => serverMessageSchema.parse(JSON.parse(text)));
  }

  get ofTarget(): (SnapshotMessage | ChangesMessage)[] {
    return this.messages.filter((message) => message.type === "snapshot" || message.type === "changes");
  }

  /** Rows by call site, as the messages leave them; each must follow the one before. */
  get rows(): Map<string, CallerRow> {
    const rows = new Map<string, CallerRow>();
    let seq = 0;
    for (const message of this.ofTarget) {
      if (message.type === "snapshot") rows.clear();
      else {
        expect(message.since).toBe(seq);
        // It may name rows that came and went between two messages.
        for (const callSite of message.gone ?? []) rows.delete(callSite);
      }
      seq = message.seq;
      const callers = message.type === "snapshot" ? message.snapshot.callers : message.callers;
      for (const row of callers) rows.set(row.callSite, row);
    }
    return rows;
  }

  send(text: string): void {
    this.texts.push(text);
  }
}
