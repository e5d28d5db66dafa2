/** What -b names. Apart, so that who draws nothing loads no trees. */
import { ExitCode, KmemtapError } from "../model/errors.ts";

/**
 * `fs`, `ext4` of `./fs/ext4/`; none for the whole.
 *
 * @throws {KmemtapError} `cli/usage` of an empty text: a script's variable that nobody has set is not the whole
 */
export function branchNames(text: string | undefined): readonly string[] {
  if (text?.trim() === "")
    throw new KmemtapError("cli/usage", "-b names no place: it is empty", {
      nextStep: "name a directory, file or module, or leave -b out for all of it",
      exitCode: ExitCode.wrongUse,
    });
  return (text ?? "").split("/").filter((part) => part !== "" && part !== ".");
}
