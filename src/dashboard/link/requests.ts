/** What the server was asked to do and has not answered yet. */
import type { ReplyMessage } from "../../model/wire.ts";

interface Waiting {
  readonly resolve: (result: string | undefined) => void;
  readonly reject: (error: Error) => void;
}

export class Requests {
  readonly #waiting = new Map<string, Waiting>();
  #last = 0;

  /** A number for a request, and what becomes of it. */
  ask(): { readonly id: string; readonly answer: Promise<string | undefined> } {
    this.#last += 1;
    const id = String(this.#last);
    const answer = new Promise<string | undefined>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    return { id, answer };
  }

  settle(reply: ReplyMessage): void {
    if (reply.id === null) return;
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.result);
    else waiting?.reject(new Error(reply.help === "" ? reply.error : `${reply.error}: ${reply.help}`));
  }

  /** The connection has gone: nobody knows whether it was done. */
  abandon(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error("the connection broke before kmemtap answered"));
    this.#waiting.clear();
  }
}
