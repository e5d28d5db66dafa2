/** Who may do what: tokens, compared in constant time. */
import { createHash, timingSafeEqual } from "node:crypto";

export interface Rights {
  readonly read: boolean;
  /** May act on targets. */
  readonly control: boolean;
}

export interface Token {
  /** What a log calls it. */
  readonly name: string;
  readonly secret: string;
  readonly rights: Rights;
}

/** Whoever has a token. */
export interface Bearer {
  readonly name: string;
  readonly rights: Rights;
}

export class Tokens {
  readonly #known: readonly { readonly hash: Buffer; readonly bearer: Bearer }[];

  constructor(tokens: readonly Token[]) {
    this.#known = tokens.map(({ name, secret, rights }) => ({ hash: hashOf(secret), bearer: { name, rights } }));
  }

  get any(): boolean {
    return this.#known.length > 0;
  }

  /** Looks at every token, whichever it is, and at all of each. */
  bearerOf(secret: string): Bearer | undefined {
    const hash = hashOf(secret);
    let found: Bearer | undefined;
    for (const { hash: known, bearer } of this.#known) if (timingSafeEqual(hash, known)) found = bearer;
    return found;
  }
}

/** Of equal length, whatever was given: its own length tells nothing. */
function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
