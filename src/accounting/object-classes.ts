/**
 * What a live object is, as a small integer: (allocating call site, bytes_req, bytes_alloc, tag), where the tag is the
 * kind of the event and the phase of the workload that it belongs to ({@link tagOf}).
 *
 * A call site asks for few sizes, so a session with millions of objects has a few thousand classes, and a live object
 * costs a pointer and a class id, whatever phase it comes from. assembly/ledger.ts keeps them.
 */

/** Doubles of a class; what an object's end needs stands in half a cache line. */
export const CLASS = 4;
/** Where they are, from {@link classAt} on. */
export const ClassField = { callSite: 0, bytesReq: 1, bytesAlloc: 2, tag: 3 } as const;
export const classAt = (id: number): number => id * CLASS;

/** `kind` is an allocation's (0 or 1); without phases every object is of phase 0, and the tag is the kind. */
export const tagOf = (kind: number, phase: number): number => kind + phase * 2;
export const kindOf = (tag: number): number => tag & 1;
export const phaseOf = (tag: number): number => tag >>> 1;
