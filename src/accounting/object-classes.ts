/**
 * What a live object is, as a small integer: (allocating call site, bytes_req, bytes_alloc, tag), where the tag is the
 * kind of the event and the phase of the workload that it belongs to ({@link tagOf}).
 *
 * A call site asks for few sizes, so a session with millions of objects has a few thousand classes, and a live object
 * costs a pointer and a class id, whatever phase it comes from.
 */

/** Doubles of a class; what an object's end needs stands in half a cache line. */
const CLASS = 4;
/** Where they are, from `id * CLASS` on. */
export const ClassField = { callSite: 0, bytesReq: 1, bytesAlloc: 2, tag: 3 } as const;
export const classAt = (id: number): number => id * CLASS;

/** `kind` is an allocation's (0 or 1); without phases every object is of phase 0, and the tag is the kind. */
export const tagOf = (kind: number, phase: number): number => kind + phase * 2;
export const kindOf = (tag: number): number => tag & 1;
export const phaseOf = (tag: number): number => tag >>> 1;

const INITIAL_CLASSES = 4096;

export class ObjectClasses {
  /** Class `id` begins at `classAt(id)`, in the order of {@link ClassField}. */
  fields = new Float64Array(INITIAL_CLASSES * CLASS);
  #size = 0;
  /** Open addressing: class id + 1, 0 where free. */
  #slots = new Uint32Array(INITIAL_CLASSES * 2);
  /** The class each call site had last, since most allocate one size only: class id + 1. */
  #latest = new Uint32Array(INITIAL_CLASSES);

  get size(): number {
    return this.#size;
  }

  /** Makes room for every call site below `callSites`. */
  reserve(callSites: number): void {
    if (callSites <= this.#latest.length) return;
    const latest = new Uint32Array(Math.max(callSites, this.#latest.length * 2));
    latest.set(this.#latest);
    this.#latest = latest;
  }

  /** The id of a class; its call site must have been reserved for. */
  of(callSite: number, bytesReq: number, bytesAlloc: number, tag: number): number {
    const latest = this.#latest[callSite];
    if (latest > 0 && this.#is(latest - 1, callSite, bytesReq, bytesAlloc, tag)) return latest - 1;
    const id = this.#find(callSite, bytesReq, bytesAlloc, tag);
    this.#latest[callSite] = id + 1;
    return id;
  }

  #is(id: number, callSite: number, bytesReq: number, bytesAlloc: number, tag: number): boolean {
    const fields = this.fields;
    const at = classAt(id);
    return (
      fields[at + ClassField.bytesReq] === bytesReq &&
      fields[at + ClassField.bytesAlloc] === bytesAlloc &&
      fields[at + ClassField.tag] === tag &&
      fields[at + ClassField.callSite] === callSite
    );
  }

  #find(callSite: number, bytesReq: number, bytesAlloc: number, tag: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(callSite, bytesReq, bytesAlloc, tag) & mask;
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] - 1;
      if (this.#is(id, callSite, bytesReq, bytesAlloc, tag)) return id;
    }
    const id = this.#size++;
    const at = classAt(id);
    if (at === this.fields.length) this.#growFields();
    this.fields[at + ClassField.callSite] = callSite;
    this.fields[at + ClassField.bytesReq] = bytesReq;
    this.fields[at + ClassField.bytesAlloc] = bytesAlloc;
    this.fields[at + ClassField.tag] = tag;
    this.#slots[slot] = id + 1;
    if (this.#size * 2 > this.#slots.length) this.#growSlots();
    return id;
  }

  #growFields(): void {
    const fields = new Float64Array(this.fields.length * 2);
    fields.set(this.fields);
    this.fields = fields;
  }

  #growSlots(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    const { fields } = this;
    for (let id = 0; id < this.#size; id++) {
      const at = classAt(id);
      const hash = hashOf(
        fields[at + ClassField.callSite],
        fields[at + ClassField.bytesReq],
        fields[at + ClassField.bytesAlloc],
        fields[at + ClassField.tag],
      );
      let slot = hash & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = id + 1;
    }
  }
}

function hashOf(callSite: number, bytesReq: number, bytesAlloc: number, tag: number): number {
  const hash =
    Math.imul(Math.imul(callSite, 0x9e3779b1) ^ bytesReq, 0x85ebca6b) ^
    Math.imul(bytesAlloc, 0xc2b2ae35) ^
    Math.imul(phaseOf(tag), 0x27d4eb2f);
  return hash ^ (hash >>> 15);
}
