/**
 * What an event lacks when it comes from `tp_printk`'s lines on the console instead of the ring buffer.
 *
 * Both are values of an {@link EventBatch}'s columns that no event of the ring buffer can have.
 */
/** The CPU of an event whose CPU is not known: past NR_CPUS of any kernel (8,192). It has no row in a per-CPU account. */
export const NO_CPU = 0xffff;

/**
 * Both halves of a pointer that the kernel hid (`(____ptrval____)`, lib/vsprintf.c): the object has no identity. (Frees of
 * NULL and failed allocations are no events of a batch, so that zero is not taken.)
 */
export const NO_POINTER = 0;
