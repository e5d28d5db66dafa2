# The account in awk: what somebody with a trace and ten minutes writes. Written for mawk, the fastest awk.
#
# Fields are taken by name, as everywhere: `name=` may stand between `ptr=` and `bytes_req=`, a module's call site holds a
# space. Prints one line a call site and one of totals, tab separated; see readAwkAccount() in mawk.mjs.

# The event's name is the last word before " call_site=", so that a task called "x: kfree:" does not mislead.
{
  at = index($0, ": call_site=")
  if (at == 0) next
  head = substr($0, 1, at - 1)
  event = head
  sub(/^.*: /, "", event)
  if (event !~ /^(kmalloc|kmalloc_node|kmem_cache_alloc|kmem_cache_alloc_node|kfree|kmem_cache_free)$/) next
  # A message somebody wrote to trace_marker may look like an event.
  if (index(head, ": tracing_mark_write: ")) next

  rest = substr($0, at + 12)
  at = index(rest, " ptr=")
  if (at == 0) next
  site = substr(rest, 1, at - 1)
  # Splitting at runs of blanks also copes with the old "ptr=  (null)".
  fields = split(substr(rest, at + 5), field, " ")
  ptr = field[1]
  # Logs taken over a serial line end in CR LF; a free has nothing behind its pointer.
  sub(/\r$/, "", ptr)
  null = ptr ~ /^(0x)?0*$/ || ptr == "(null)" || ptr == "(nil)"

  if (event == "kfree" || event == "kmem_cache_free") {
    if (null) { nullFrees++; next }
    if (!(ptr in siteOf)) { unmatchedFrees++; next }
    frees[siteOf[ptr]]++
    forget(ptr)
    next
  }

  if (null) { nullAllocs++; next }
  if (ptr in siteOf) {
    impliedFrees[siteOf[ptr]]++
    forget(ptr)
  }
  requested = allocated = 0
  for (n = 2; n <= fields; n++) {
    if (field[n] ~ /^bytes_req=/) requested = substr(field[n], 11) + 0
    else if (field[n] ~ /^bytes_alloc=/) allocated = substr(field[n], 13) + 0
  }
  siteOf[ptr] = site
  requestedOf[ptr] = requested
  allocatedOf[ptr] = allocated
  allocs[site]++
  totalBytes[site] += allocated
  requestedBytes[site] += requested
  netRequestedBytes[site] += requested
  netBytes[site] += allocated
  if (netBytes[site] > peakNetBytes[site]) peakNetBytes[site] = netBytes[site]
}

# Ends the life of a known pointer; the site that allocated it gets its bytes back.
function forget(ptr) {
  netBytes[siteOf[ptr]] -= allocatedOf[ptr]
  netRequestedBytes[siteOf[ptr]] -= requestedOf[ptr]
  delete siteOf[ptr]
  delete requestedOf[ptr]
  delete allocatedOf[ptr]
}

# "%.0f", not "%d": sums pass 2^31, where "%d" of some awks ends.
END {
  for (site in allocs) {
    printf "site\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\n", site, allocs[site], frees[site], \
      impliedFrees[site], totalBytes[site], requestedBytes[site], netBytes[site], netRequestedBytes[site], peakNetBytes[site]
  }
  printf "total\t%.0f\t%.0f\t%.0f\n", unmatchedFrees, nullFrees, nullAllocs
}
