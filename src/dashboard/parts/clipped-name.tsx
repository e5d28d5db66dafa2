/** A name in a line that may be too short for it: cut in its middle, because its end tells as much as its beginning. */

/** Of a name without an offset or a module so much stays, characters. */
const TAIL = 7;

/** The part that is cut, and the one that never is: `mas_preallocate`, `+0x442 [mod]`. */
export function splitName(name: string): readonly [head: string, tail: string] {
  const offset = /(?:\+0x[0-9a-f]+)?(?: \[[^\]]+\])?$/.exec(name)?.index ?? name.length;
  const at = offset < name.length && offset > 0 ? offset : Math.max(0, name.length - TAIL);
  return [name.slice(0, at), name.slice(at)];
}

export function ClippedName({ name }: { readonly name: string }) {
  const [head, tail] = splitName(name);
  return (
    <span class="clipped">
      <span class="clipped-head">{head}</span>
      <span class="clipped-tail">{tail}</span>
    </span>
  );
}
