/** What is alive, folded from objects over classes to cells: one for each call site and phase that allocated. */
import { classAt, ClassField, phaseOf } from "./object-classes.ts";

export interface ResidueOptions {
  /** How many objects of each cell to list, oldest first; none unless said. */
  readonly addresses?: number;
}

export interface LiveObject {
  /** The pointer as the trace has it: an address, or the kernel's hash of one. */
  readonly pointer: bigint;
  /** Trace clock of its allocation; null in a ledger that does not remember. */
  readonly timeNs: number | null;
}

/** Objects that one call site allocated in one phase and that are alive. */
export interface ResidueCell {
  readonly site: number;
  readonly phase: number;
  readonly objects: number;
  readonly bytes: number;
  readonly requestedBytes: number;
  /** Trace clock of the first and the last allocation among them; null in a ledger that does not remember. */
  readonly oldestNs: number | null;
  readonly youngestNs: number | null;
  readonly oldest: readonly LiveObject[];
}

export class ResidueFold {
  readonly #counts: Float64Array;
  readonly #oldestNs: Float64Array;
  readonly #youngestNs: Float64Array;
  readonly #listed: LiveObject[][] = [];
  readonly #addresses: number;
  #timed = true;

  constructor(classes: number, addresses: number) {
    this.#counts = new Float64Array(classes);
    this.#oldestNs = new Float64Array(classes).fill(Infinity);
    this.#youngestNs = new Float64Array(classes).fill(-Infinity);
    this.#addresses = addresses;
  }

  add(objectClass: number, low: number, high: number, timeNs: number | null): void {
    this.#counts[objectClass] += 1;
    if (timeNs === null) this.#timed = false;
    else {
      if (timeNs < this.#oldestNs[objectClass]) this.#oldestNs[objectClass] = timeNs;
      if (timeNs > this.#youngestNs[objectClass]) this.#youngestNs[objectClass] = timeNs;
    }
    if (this.#addresses === 0) return;
    const pointer = (BigInt(high) << 32n) | BigInt(low);
    insertOldest((this.#listed[objectClass] ??= []), { pointer, timeNs }, this.#addresses);
  }

  /**
   * @param fields of the classes, see ObjectClasses
   * @param counts whether objects with this tag belong to the account
   */
  cells(fields: Float64Array, counts: (tag: number) => boolean): ResidueCell[] {
    const cells = new Map<number, Map<number, ResidueCell>>();
    for (let id = 0; id < this.#counts.length; id++) {
      const tag = fields[classAt(id) + ClassField.tag];
      if (this.#counts[id] === 0 || !counts(tag)) continue;
      const cell = this.#cellOf(id, fields);
      const phases = cells.get(cell.site) ?? new Map<number, ResidueCell>();
      const before = phases.get(cell.phase);
      phases.set(cell.phase, before === undefined ? cell : merged(before, cell, this.#addresses));
      cells.set(cell.site, phases);
    }
    return [...cells.values()].flatMap((phases) => [...phases.values()]);
  }

  #cellOf(id: number, fields: Float64Array): ResidueCell {
    const at = classAt(id);
    const objects = this.#counts[id];
    return {
      site: fields[at + ClassField.callSite],
      phase: phaseOf(fields[at + ClassField.tag]),
      objects,
      bytes: objects * fields[at + ClassField.bytesAlloc],
      requestedBytes: objects * fields[at + ClassField.bytesReq],
      oldestNs: this.#timed ? this.#oldestNs[id] : null,
      youngestNs: this.#timed ? this.#youngestNs[id] : null,
      oldest: this.#listed[id] ?? [],
    };
  }
}

/** Two lots of objects as one; `addresses` as in {@link ResidueOptions}. */
export function merged(a: ResidueCell, b: ResidueCell, addresses: number): ResidueCell {
  const oldest = [...a.oldest];
  for (const object of b.oldest) insertOldest(oldest, object, addresses);
  return {
    site: a.site,
    phase: a.phase,
    objects: a.objects + b.objects,
    bytes: a.bytes + b.bytes,
    requestedBytes: a.requestedBytes + b.requestedBytes,
    oldestNs: a.oldestNs === null || b.oldestNs === null ? null : Math.min(a.oldestNs, b.oldestNs),
    youngestNs: a.youngestNs === null || b.youngestNs === null ? null : Math.max(a.youngestNs, b.youngestNs),
    oldest,
  };
}

/** Keeps `list` in order and no longer than `most`: a call site may have a million objects alive. */
function insertOldest(list: LiveObject[], object: LiveObject, most: number): void {
  let at = list.length;
  while (at > 0 && older(object, list[at - 1])) at--;
  if (at === most) return;
  list.splice(at, 0, object);
  if (list.length > most) list.pop();
}

/** By time, then by pointer, so that the list does not depend on the order of the table. */
function older(a: LiveObject, b: LiveObject): boolean {
  const times = (a.timeNs ?? 0) - (b.timeNs ?? 0);
  return times < 0 || (times === 0 && a.pointer < b.pointer);
}
