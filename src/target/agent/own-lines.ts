/** What this side puts into the stream, between what the agent says: where a connection begins, gaps, symbols. */
import type { Shell } from "../../model/ports.ts";
import { ownLine } from "./agent-line.ts";
import type { AgentMode } from "./choose-mode.ts";
import type { SymbolReader } from "./symbol-reader.ts";

/** A connection that begins. */
export interface Beginning {
  readonly plan: { readonly mode: AgentMode };
  readonly shell: Pick<Shell, "link">;
  readonly symbols: Pick<SymbolReader, "take"> | undefined;
}

export class OwnLines {
  readonly #nonce: string;
  #seq = 0;

  constructor(nonce: string) {
    this.#nonce = nonce;
  }

  *announce({ plan, shell, symbols }: Beginning): Generator<Uint8Array> {
    yield this.line(`session mode=${plan.mode} link=${shell.link.kind}`);
    const text = symbols?.take();
    if (text !== undefined) yield this.blob("kallsyms", text);
  }

  /** Bytes of any kind, behind a line that says how many. */
  blob(name: string, bytes: Uint8Array): Uint8Array {
    return Buffer.concat([this.line(`blob name=${name} bytes=${bytes.length}`), bytes]);
  }

  /** On a line of its own: what was cut before it stays cut. */
  line(text: string): Uint8Array {
    this.#seq += 1;
    return Buffer.from(`\n${ownLine(this.#nonce, this.#seq, text)}\n`);
  }
}
