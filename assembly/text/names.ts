/** The names of the six events of the account, as src/ftrace/event-name.ts tells them apart. */
import { CACHE_ALLOC, CACHE_FREE, KFREE, KMALLOC } from "../columns";

const COLON: u32 = 0x3a;
const UNDERSCORE: u32 = 0x5f;
/** `kmalloc:` */
const KMALLOC_COLON: u64 = 0x3a636f6c6c616d6b;
/** `kmalloc_` */
const KMALLOC_UNDERSCORE: u64 = 0x5f636f6c6c616d6b;
/** `kfree:` */
const KFREE_COLON: u64 = 0x3a656572666b;
/** `kmem_cac` */
const KMEM_CAC: u64 = 0x6361635f6d656d6b;
/** `he_alloc` */
const HE_ALLOC: u64 = 0x636f6c6c615f6568;
/** `he_free:` */
const HE_FREE: u64 = 0x3a656572665f6568;
/** `node` */
const NODE: u32 = 0x65646f6e;

/** A kind and the length of its name with the colon, in one number. */
const KMALLOC_NAME: i32 = (8 << 2) | KMALLOC;
const KMALLOC_NODE_NAME: i32 = (13 << 2) | KMALLOC;
const CACHE_ALLOC_NAME: i32 = (17 << 2) | CACHE_ALLOC;
const CACHE_ALLOC_NODE_NAME: i32 = (22 << 2) | CACHE_ALLOC;
const CACHE_FREE_NAME: i32 = (16 << 2) | CACHE_FREE;
const KFREE_NAME: i32 = (6 << 2) | KFREE;

/** The event whose name stands at `at`: its kind in the lowest two bits, above them the length of its name; -1 for any other. */
export function eventName(at: usize): i32 {
  const first = load<u64>(at);
  if (first == KMALLOC_COLON) return KMALLOC_NAME;
  if (first == KMEM_CAC) return cacheName(at);
  if ((first & 0xffffffffffff) == KFREE_COLON) return KFREE_NAME;
  return first == KMALLOC_UNDERSCORE && isNode(at + 8) ? KMALLOC_NODE_NAME : -1;
}

function cacheName(at: usize): i32 {
  const second = load<u64>(at, 8);
  if (second == HE_FREE) return CACHE_FREE_NAME;
  if (second != HE_ALLOC) return -1;
  const next = load<u8>(at, 16);
  if (next == COLON) return CACHE_ALLOC_NAME;
  return next == UNDERSCORE && isNode(at + 17) ? CACHE_ALLOC_NODE_NAME : -1;
}

function isNode(at: usize): bool {
  return load<u32>(at) == NODE && load<u8>(at, 4) == COLON;
}
