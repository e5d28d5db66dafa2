"""The account in Python, written plainly: the order of magnitude of trace_analyze, which is a Python script."""

import json
import re
import sys

EVENT = re.compile(
    r": (kmalloc|kmalloc_node|kmem_cache_alloc|kmem_cache_alloc_node|kfree|kmem_cache_free): call_site=(.*?) ptr=\s*(\S+)(.*)"
)
BYTES_REQ = re.compile(r" bytes_req=(\d+)")
BYTES_ALLOC = re.compile(r" bytes_alloc=(\d+)")
NULL = re.compile(r"(0x)?0*|\(null\)|\(nil\)")

ALLOCS, FREES, IMPLIED, TOTAL, REQUESTED, NET, NET_REQUESTED, PEAK = range(8)


def account(lines):
    sites, live = {}, {}
    other = {"unmatchedFrees": 0, "nullFrees": 0, "nullAllocs": 0}
    for line in lines:
        match = EVENT.search(line)
        if not match or ": tracing_mark_write: " in line:
            continue
        event, site, pointer, rest = match.groups()
        is_free = event in ("kfree", "kmem_cache_free")
        if NULL.fullmatch(pointer):
            other["nullFrees" if is_free else "nullAllocs"] += 1
            continue
        old = live.pop(pointer, None)
        if old is not None:
            sums, requested, allocated = old
            sums[FREES if is_free else IMPLIED] += 1
            sums[NET] -= allocated
            sums[NET_REQUESTED] -= requested
        elif is_free:
            other["unmatchedFrees"] += 1
        if is_free:
            continue
        requested = int(BYTES_REQ.search(rest).group(1))
        allocated = int(BYTES_ALLOC.search(rest).group(1))
        sums = sites.setdefault(site, [0] * 8)
        live[pointer] = (sums, requested, allocated)
        sums[ALLOCS] += 1
        sums[TOTAL] += allocated
        sums[REQUESTED] += requested
        sums[NET] += allocated
        sums[NET_REQUESTED] += requested
        sums[PEAK] = max(sums[PEAK], sums[NET])
    return sites, other


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8", errors="replace") as trace:
        sites, other = account(trace)
    json.dump({"sites": sites, **other}, sys.stdout)
