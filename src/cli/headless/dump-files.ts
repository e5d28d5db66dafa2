/** The files of an unattended capture: named by target, time and run, each whole or not there. A disk that is full ends nothing. */
import { join } from "node:path";
import { messageOf } from "../../model/errors.ts";
import { makeDirectory } from "../make-directory.ts";
import type { DumpFormatName } from "./dump-format-names.ts";
import { dumpFormat } from "./dump-formats.ts";
import type { Moment } from "./moment.ts";
import { writeDurably } from "./write-durably.ts";

export interface DumpFilesOptions {
  readonly directory: string;
  /** What files are called first, in place of what the account is of: the target's name, which its directory and URLs have. */
  readonly name?: string;
  readonly formats: readonly DumpFormatName[];
  /** Told of what could not be written, once for the same trouble. */
  readonly onTrouble: (text: string) => void;
}

export class DumpFiles {
  readonly #options: DumpFilesOptions;
  #written = 0;
  #failed = 0;
  #trouble: string | undefined;

  constructor(options: DumpFilesOptions) {
    this.#options = options;
  }

  get written(): number {
    return this.#written;
  }

  /** Files that could not be written. */
  get failed(): number {
    return this.#failed;
  }

  /** Says at once where files cannot be written at all; never rejects. */
  async prepare(): Promise<void> {
    const { directory } = this.#options;
    await makeDirectory(directory).catch((thrown: unknown) => this.#tell(messageOf(thrown)));
  }

  /** Writes the moment in each format; never rejects. */
  async write(moment: Moment): Promise<void> {
    const { directory, formats, name } = this.#options;
    const stem = join(directory, stemOf(moment, name ?? moment.snapshot.source.label));
    let isWhole = true;
    for (const name of formats) {
      const { ending, render } = dumpFormat(name);
      const path = `${stem}.${ending}`;
      try {
        const content = await render(moment);
        await makeDirectory(directory);
        await writeDurably(path, content);
        this.#written += 1;
      } catch (thrown) {
        isWhole = false;
        this.#failed += 1;
        this.#tell(messageOf(thrown), path);
      }
    }
    if (isWhole) this.#trouble = undefined;
  }

  /** @param path what is another each time */
  #tell(text: string, path = ""): void {
    const trouble = text.replaceAll(path, "");
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.onTrouble(text);
  }
}

/** `board-20261126T131200.123Z-run1`: sorted by name is sorted by time, on any file system. */
function stemOf({ atMs, snapshot: { source } }: Moment, name: string): string {
  const time = new Date(atMs).toISOString().replaceAll(/[-:]/g, "");
  // What a URL or a path has beside letters and digits, at the length that leaves room for the rest of a name.
  const label = name
    .replaceAll(/[^\w.]+/g, "-")
    .replaceAll(/^[-.]+|-+$/g, "")
    .slice(0, 100);
  return `${label === "" ? "target" : label}-${time}-run${String(source.run)}`;
}
