/** What -b names. Apart, so that who draws nothing loads no trees. */

/** `fs`, `ext4` of `./fs/ext4/`; none for the whole. */
export function branchNames(text: string | undefined): readonly string[] {
  return (text ?? "").split("/").filter((part) => part !== "" && part !== ".");
}
