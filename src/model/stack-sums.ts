/** What each kernel stack of a run came to, for who takes it down or asks for some of it. Stacks go by their ids (stack-table.ts). */

/** Of a stack. */
export interface StackSums {
  readonly id: number;
  readonly allocs: number;
  /** Of objects that this stack allocated; implied ones are not among them. */
  readonly frees: number;
  readonly totalBytes: number;
  readonly netBytes: number;
  readonly liveObjects: number;
}

/** As a snapshot's rows of stacks have them. */
export interface StackName {
  /** Call sites, from the one that the event names outwards. */
  readonly frames: string[];
  /** The row that is charged. */
  readonly caller: string;
}

/** Of every stack that allocated, in no order. */
export interface Stacks {
  readonly sums: readonly StackSums[];
  readonly nameOf: (id: number) => StackName;
}
