/** Where a name is cut that is too long for its line. Pure. */

/** Of a name without an offset or a module so much stays, characters. */
const TAIL = 7;

/** The part that is cut, and the one that never is: `mas_preallocate`, `+0x442 [mod]`. */
export function splitName(name: string): readonly [head: string, tail: string] {
  const offset = /(?:\+0x[0-9a-f]+)?(?: \[[^\]]+\])?$/.exec(name)?.index ?? name.length;
  const at = offset < name.length && offset > 0 ? offset : Math.max(0, name.length - TAIL);
  return [name.slice(0, at), name.slice(at)];
}
