/**
 * Which file of a chain of inlined functions an allocation is charged to: that of the innermost frame outside of headers.
 *
 * `kmalloc` in an inline function of include/linux/fs.h is memory that fs/inode.c holds, which called it. The outermost frame alone would not do: where one
 * .c file includes another (kernel/sched/build_policy.c, fs/compat_binfmt_elf.c) the code is the included file's.
 */
import type { CallerSource, SourceFrame } from "../model/snapshot.ts";
import { isHeader } from "./source-path.ts";

/** Undefined where no frame has a file. */
export function chargedFrame(chain: readonly SourceFrame[]): SourceFrame | undefined {
  const own = chain.find(({ file }) => file !== null && !isHeader(file));
  // A function that a header's macro made: nothing but headers.
  return own ?? chain.findLast(({ file }) => file !== null);
}

/**
 * One answer for several functions of a name and size: what they agree in.
 *
 * @param answers one or more
 */
export function agreed(answers: readonly CallerSource[]): CallerSource {
  const [first, ...others] = answers;
  if (others.length === 0) return first;
  const same = (of: (source: CallerSource) => unknown) =>
    others.every((other) => JSON.stringify(of(other)) === JSON.stringify(of(first)));
  const which = `${String(answers.length)} functions have that name and size`;
  if (!same(({ file }) => file))
    return { ...first, file: null, line: null, chain: [], reason: `${which}, in different files` };
  if (same(({ chain }) => chain)) return first;
  return { ...first, line: same(({ line }) => line) ? first.line : null, chain: [], reason: which };
}
