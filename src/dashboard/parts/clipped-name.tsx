/** A name in a line that may be too short for it: cut in its middle, because its end tells as much as its beginning. */
import { splitName } from "../format/split-name.ts";

export function ClippedName({ name }: { readonly name: string }) {
  const [head, tail] = splitName(name);
  return (
    <span class="clipped">
      <span class="clipped-head">{head}</span>
      <span class="clipped-tail">{tail}</span>
    </span>
  );
}
