/** An option that takes some of its words at once, with commas between them; commander's choices are one word each. */
import { Option } from "@commander-js/extra-typings";

export class ListOption<Flags extends string> extends Option<Flags> {
  /** What it takes, for completions; who reads the list refuses what is not among them. */
  readonly listed: readonly string[];

  constructor(flags: Flags, description: string, listed: readonly string[]) {
    super(flags, description);
    this.listed = listed;
  }
}
