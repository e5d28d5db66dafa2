/** Memory is taken from its end and never given back: what grows leaves its old place empty. */

let end: usize = __heap_base;

/** `bytes` of zeros at a multiple of `align` (a power of two). Where the machine has no more, it traps. */
export function allocate(bytes: usize, align: usize): usize {
  const at = (end + align - 1) & ~(align - 1);
  end = at + bytes;
  const pages = <i32>((end + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
  return at;
}

/** Another place of `capacity` bytes for the `bytes` at `from`. */
export function moved(from: usize, bytes: usize, capacity: usize): usize {
  const to = allocate(capacity, 64);
  memory.copy(to, from, bytes);
  return to;
}
