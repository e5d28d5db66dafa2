/**
 * What stands in a sub-buffer and in a record's first word (kernel/trace/ring_buffer.c, include/linux/ring_buffer.h).
 *
 *     sub-buffer: time stamp u64 | commit long: bytes of data, bit 31: events were missed, bit 30: how many stands behind the data | data
 *     record:     type_len:5 time_delta:27 | …      1-28: data of type_len words · 0: its length in a word, then data
 *                                                   29: padding · 30: time extend, the delta's high bits · 31: absolute time
 */
export const MISSED_EVENTS = 0x80000000;
export const MISSED_STORED = 0x40000000;
/** The data's length, below the flags. */
export const COMMIT_MASK = 0x7ffffff;

export const MAX_TYPE_LEN = 28;
export const PADDING = 29;
export const TIME_EXTEND = 30;
/** What a time extend counts in. */
export const TWO_27 = 2 ** 27;
