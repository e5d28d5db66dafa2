/**
 * Two traces of the same events, taken by two instances: finds the window of one in the other, and proves that nothing is
 * missing in between. Shares no code with the product.
 */

/** A kmem event as a line of text has it. */
interface Event {
  readonly line: string;
  readonly pid: number;
  readonly cpu: number;
  readonly seconds: number;
  readonly name: string;
  readonly site: string;
  readonly ptr: string;
  /** ` bytes_req=… bytes_alloc=…`, or nothing. */
  readonly sizes: string;
}

export interface WindowOptions {
  /** Tasks that the received trace leaves out (the agent's own). Their events in the truth are not missed. */
  readonly excludedPids?: ReadonlySet<number>;
}

export interface SameWindow {
  /** The truth's events in the window, in its order, without the excluded ones; call sites as they were received. */
  readonly truth: readonly string[];
  /** The received kmem events, in their order. */
  readonly received: readonly string[];
  /** Whether both name addresses alike; else one hashed them and the other did not, one to one. */
  readonly samePointers: boolean;
  /** Why the received events are not a contiguous run of the truth's on every CPU, a line each; none where they are. */
  readonly faults: readonly string[];
}

const EVENT =
  /^\s*.{1,16}?-(\d+)\s+(?:\([ \d-]+\)\s+)?\[(\d+)\]\s+(?:\S+\s+)?(\d+\.\d+): (kmalloc|kmalloc_node|kmem_cache_alloc|kmem_cache_alloc_node|kfree|kmem_cache_free): call_site=(.*?) ptr=\s*(\S+)(.*)$/;

/**
 * How far apart the two may have an event, by their clocks. An event goes to one instance after the other, with interrupts
 * on: those of an interrupt in between stand before it in the one and behind it in the other. And a busy machine may hold an
 * emulated processor up in between: 0.2 s were seen.
 */
const CLOCK_S = 0.5;
/** Events that decide where a window begins. */
const LOOK_AHEAD = 64;
const MOST_FAULTS = 20;

/** @param received text that kmemtap got from its own instance @param truth text of the instance that lost nothing */
export function sameWindow(received: string, truth: string, options: WindowOptions = {}): SameWindow {
  const excluded = options.excludedPids ?? new Set<number>();
  const got = eventsOf(received);
  const all = eventsOf(truth).filter(({ pid }) => !excluded.has(pid));
  const samePointers = shareOfKnown(got, all) > 0.5;
  const faults: string[] = [];
  /** Truth's event to the received one. */
  const matched = new Map<Event, Event>();
  const cpus = new Set(got.map(({ cpu }) => cpu));
  for (const cpu of cpus) matchCpu(cpu, ofCpu(got, cpu), ofCpu(all, cpu), samePointers, matched, faults);
  if (!samePointers) checkOneToOne(matched, faults);
  const inWindow = all.filter((event) => matched.has(event));
  return {
    truth: inWindow.map((event) => withSite(event, matched.get(event)?.site ?? event.site)),
    received: got.map(({ line }) => line),
    samePointers,
    faults: faults.slice(0, MOST_FAULTS),
  };
}

/** Matches each received event of a CPU with one of the truth's, then looks for those that were passed over. */
function matchCpu(
  cpu: number,
  got: readonly Event[],
  all: readonly Event[],
  samePointers: boolean,
  matched: Map<Event, Event>,
  faults: string[],
): void {
  const wanted = got.map((event) => keyOf(event, samePointers));
  const keys = all.map((event) => keyOf(event, samePointers));
  const places = new Map<string, number[]>();
  keys.forEach((key, i) => {
    const list = places.get(key);
    if (list === undefined) places.set(key, [i]);
    else list.push(i);
  });
  const start = bestStart(got, wanted, all, keys);
  const taken = new Uint8Array(all.length);
  let [first, last] = [Infinity, -1];
  got.forEach((event, n) => {
    const near = (places.get(wanted[n]) ?? []).filter(
      (i) => taken[i] === 0 && Math.abs(all[i].seconds - event.seconds) < CLOCK_S,
    );
    // Of equal ones both instances have the same order; before the start is only what an interrupt has put there.
    const place = near.find((i) => i >= start) ?? near.at(-1);
    if (place === undefined) {
      faults.push(`CPU ${cpu}: the truth has no ${event.line.trim()}`);
      return;
    }
    taken[place] = 1;
    matched.set(all[place], event);
    first = Math.min(first, place);
    last = Math.max(last, place);
  });
  for (let i = first; i <= last; i++) {
    if (taken[i] === 0) faults.push(`CPU ${cpu}: not received: ${all[i].line.trim()}`);
  }
}

/** Where the received events begin in the truth: where most of the first ones follow in order, and then by the clock. */
function bestStart(
  got: readonly Event[],
  wanted: readonly string[],
  all: readonly Event[],
  keys: readonly string[],
): number {
  let best = { start: 0, follow: -1, apart: Infinity };
  all.forEach((event, start) => {
    const apart = Math.abs(event.seconds - got[0].seconds);
    if (apart >= CLOCK_S || keys[start] !== wanted[0]) return;
    const follow = wanted.slice(0, LOOK_AHEAD).filter((key, n) => keys[start + n] === key).length;
    if (follow > best.follow || (follow === best.follow && apart < best.apart)) best = { start, follow, apart };
  });
  return best.start;
}

/**
 * What two instances print alike. A module's site is an address in the text that was read after the module had gone, so
 * that its name says nothing.
 */
function keyOf({ name, site, ptr, sizes }: Event, samePointers: boolean): string {
  const where = site.includes("[") || site.startsWith("0x") ? "(module)" : site;
  return `${name} ${where} ${samePointers ? ptr : /^0+$/.test(ptr)} ${sizes}`;
}

function checkOneToOne(matched: ReadonlyMap<Event, Event>, faults: string[]): void {
  const [there, back] = [new Map<string, string>(), new Map<string, string>()];
  for (const [{ ptr }, { ptr: received, line }] of matched) {
    const known = there.get(ptr) ?? received;
    const knownBack = back.get(received) ?? ptr;
    if (known !== received || knownBack !== ptr) faults.push(`pointers are not one to one: ${ptr} at ${line.trim()}`);
    there.set(ptr, received);
    back.set(received, ptr);
  }
}

function shareOfKnown(got: readonly Event[], all: readonly Event[]): number {
  const known = new Set(all.map(({ ptr }) => ptr));
  return got.filter(({ ptr }) => known.has(ptr)).length / Math.max(1, got.length);
}

function withSite(event: Event, site: string): string {
  return event.line.replace(`call_site=${event.site} `, () => `call_site=${site} `);
}

function ofCpu(events: readonly Event[], wanted: number): Event[] {
  return events.filter(({ cpu }) => cpu === wanted);
}

function eventsOf(text: string): Event[] {
  const events: Event[] = [];
  for (const raw of text.split("\n")) {
    const line = raw.replace(/\r+$/, "");
    const match = EVENT.exec(line);
    if (match === null) continue;
    const [, pid, cpu, seconds, name, site, ptr, rest] = match;
    const sizes = / bytes_req=\d+ bytes_alloc=\d+/.exec(rest)?.[0] ?? "";
    events.push({ line, pid: Number(pid), cpu: Number(cpu), seconds: Number(seconds), name, site, ptr, sizes });
  }
  return events;
}
