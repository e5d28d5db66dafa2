/**
 * What opens a WebSocket: a browser can give it no Authorization, and a URL is logged by whatever it passes. A ticket goes in
 * Sec-WebSocket-Protocol, works once and not for long, so that who finds it in a log has nothing; the token itself stays in the
 * header of the request that asks for the ticket.
 */
import { randomBytes } from "node:crypto";
import type { Bearer } from "./tokens.ts";

export const TICKET_SECONDS = 30;
const PREFIX = "ticket.";
/** Of all who ask: the oldest go first. */
const MAX_TICKETS = 4096;

export class Tickets {
  readonly #open = new Map<string, { readonly bearer: Bearer; readonly untilMs: number }>();

  issue(bearer: Bearer): string {
    const nowMs = performance.now();
    for (const [ticket, { untilMs }] of this.#open) {
      if (untilMs > nowMs && this.#open.size < MAX_TICKETS) break;
      this.#open.delete(ticket);
    }
    const ticket = randomBytes(24).toString("base64url");
    this.#open.set(ticket, { bearer, untilMs: nowMs + TICKET_SECONDS * 1000 });
    return ticket;
  }

  isOffered(protocols: string | undefined): boolean {
    return ticketIn(protocols) !== undefined;
  }

  /** Whose it is, once. @param protocols the header Sec-WebSocket-Protocol */
  redeem(protocols: string | undefined): Bearer | undefined {
    const ticket = ticketIn(protocols);
    // Found by a hash of a secret of 192 bits that is gone then: there is nothing to be learned by time.
    const known = ticket === undefined ? undefined : this.#open.get(ticket);
    if (ticket !== undefined) this.#open.delete(ticket);
    return known !== undefined && known.untilMs > performance.now() ? known.bearer : undefined;
  }
}

function ticketIn(protocols: string | undefined): string | undefined {
  const offered = (protocols ?? "").split(",").map((protocol) => protocol.trim());
  return offered.find((protocol) => protocol.startsWith(PREFIX))?.slice(PREFIX.length);
}
