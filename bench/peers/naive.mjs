/**
 * The account as a Node programmer writes it first: lines, a RegExp, Maps. Slow, short and easy to check by eye, which
 * makes it two things: the benchmark's "before" picture, and the independent count the tests compare the product with.
 * It shares no code with `src/` for that reason, and must not.
 *
 *   node bench/peers/naive.mjs FILE        prints the account as JSON
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

/**
 * @typedef {object} SiteAccount  bytes are allocated bytes unless they say "requested"
 * @property {number} allocs
 * @property {number} frees  matched frees of what this site allocated, wherever they happened
 * @property {number} impliedFrees  objects whose address was allocated again with no free in between
 * @property {number} totalBytes
 * @property {number} requestedBytes
 * @property {number} netBytes  allocated and not freed, at the end
 * @property {number} netRequestedBytes
 * @property {number} wasteBytes  netBytes - netRequestedBytes
 * @property {number} peakNetBytes
 * @property {number} liveObjects
 *
 * @typedef {object} Totals  the sums over all sites, but `peakNetBytes`: the peak of the sum (sites peak at different times); and
 * @property {number} callSites
 * @property {number} unmatchedFrees  of pointers whose allocation was not seen
 * @property {number} nullFrees  no events, but counted so that every line is accounted for
 * @property {number} nullAllocs  failed allocations, likewise
 * @property {number} lostEvents  the sum of the `[LOST n EVENTS]` markers
 * @property {number} otherLines  headers, other events, damage
 */

// Prefix: comm-pid, perhaps (tgid), [cpu], perhaps flags, time. It is matched in full so that text which only *contains* an
// event (a message in trace_marker) is not one. A comm may hold anything, blanks and colons included.
const EVENT =
  /^\s*.{1,16}?-\d+\s+(?:\([ \d-]+\)\s+)?\[\d+\]\s+(?:\S+\s+)?\d+(?:\.\d+)?: (kmalloc|kmalloc_node|kmem_cache_alloc|kmem_cache_alloc_node|kfree|kmem_cache_free): call_site=(.*?) ptr=\s*(\S+)(.*)/;
const LOST = /^CPU:\d+ \[LOST (\d+) EVENTS\]/;
const NULL_POINTER = /^(?:(?:0x)?0+|\(null\)|\(nil\))$/;
const FREES = new Set(["kfree", "kmem_cache_free"]);

/**
 * @param {Iterable<string> | AsyncIterable<string>} lines of ftrace text, without their newline
 * @returns {Promise<{ totals: Totals, sites: Map<string, SiteAccount> }>} sites by `call_site` text as printed
 */
export async function naiveAccount(lines) {
  const sites = new Map();
  const live = new Map();
  // Running, for the peak of the whole.
  let netBytes = 0;
  let peakNetBytes = 0;
  const counts = { unmatchedFrees: 0, nullFrees: 0, nullAllocs: 0, lostEvents: 0, otherLines: 0 };

  for await (const line of lines) {
    const match = EVENT.exec(line);
    if (match === null) {
      const lost = LOST.exec(line);
      if (lost) counts.lostEvents += Number(lost[1]);
      else counts.otherLines++;
      continue;
    }
    const [, event, callSite, pointer, fields] = match;
    const isFree = FREES.has(event);
    if (NULL_POINTER.test(pointer)) {
      counts[isFree ? "nullFrees" : "nullAllocs"]++;
      continue;
    }

    const ended = live.get(pointer);
    if (ended !== undefined) {
      netBytes -= ended.bytesAlloc;
      ended.site.netBytes -= ended.bytesAlloc;
      ended.site.netRequestedBytes -= ended.bytesReq;
      ended.site[isFree ? "frees" : "impliedFrees"]++;
      live.delete(pointer);
    } else if (isFree) {
      counts.unmatchedFrees++;
    }
    if (isFree) continue;

    const bytesReq = Number(/ bytes_req=(\d+)/.exec(fields)?.[1] ?? 0);
    const bytesAlloc = Number(/ bytes_alloc=(\d+)/.exec(fields)?.[1] ?? 0);
    let site = sites.get(callSite);
    if (site === undefined) sites.set(callSite, (site = emptySite()));
    netBytes += bytesAlloc;
    peakNetBytes = Math.max(peakNetBytes, netBytes);
    site.allocs++;
    site.totalBytes += bytesAlloc;
    site.requestedBytes += bytesReq;
    site.netBytes += bytesAlloc;
    site.netRequestedBytes += bytesReq;
    site.peakNetBytes = Math.max(site.peakNetBytes, site.netBytes);
    live.set(pointer, { site, bytesReq, bytesAlloc });
  }

  for (const site of sites.values()) deriveSite(site);
  return { totals: { ...sumSites(sites), peakNetBytes, ...counts }, sites };
}

/** @param {string} file of ftrace text */
export function accountFile(file) {
  return naiveAccount(createInterface({ input: createReadStream(file), crlfDelay: Infinity }));
}

/** Figures that follow from the counted ones; also for peers that print only those. @param {SiteAccount} site */
export function deriveSite(site) {
  site.wasteBytes = site.netBytes - site.netRequestedBytes;
  site.liveObjects = site.allocs - site.frees - site.impliedFrees;
}

/** @param {Map<string, SiteAccount>} sites */
export function sumSites(sites) {
  const sums = emptySite();
  delete sums.peakNetBytes;
  for (const site of sites.values()) for (const key of Object.keys(sums)) sums[key] += site[key];
  return { callSites: sites.size, ...sums };
}

function emptySite() {
  return {
    allocs: 0,
    frees: 0,
    impliedFrees: 0,
    totalBytes: 0,
    requestedBytes: 0,
    netBytes: 0,
    netRequestedBytes: 0,
    wasteBytes: 0,
    peakNetBytes: 0,
    liveObjects: 0,
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { totals, sites } = await accountFile(process.argv[2]);
  process.stdout.write(JSON.stringify({ totals, sites: Object.fromEntries(sites) }));
}
