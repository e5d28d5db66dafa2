#!/bin/sh
# Traces a little of what a target does and writes the same ring buffer twice into DIR: as text, and as sub-buffers.
# For fixtures/raw: sh raw-fixture.sh DIR, as root on the target; busybox will do. With STACKS=1 each allocation has its stack.
set -eu
dir=$1
T=/sys/kernel/tracing
I=$T/instances/raw-fixture
mkdir -p "$dir"
mkdir $I
trap 'echo 0 >$I/tracing_on; rmdir $I' EXIT
echo global >$I/trace_clock
echo 2048 >$I/buffer_size_kb
[ -e $I/options/hash-ptr ] && echo 0 >$I/options/hash-ptr
for e in kmalloc kmalloc_node kmem_cache_alloc kmem_cache_alloc_node kfree kmem_cache_free; do
    [ -d $I/events/kmem/$e ] && echo 1 >$I/events/kmem/$e/enable
done
if [ "${STACKS:-0}" = 1 ]; then
    echo 1 >$I/options/sym-offset
    for e in kmalloc kmem_cache_alloc; do echo stacktrace >$I/events/kmem/$e/trigger; done
fi
# A stack is several times the event.
[ "${STACKS:-0}" = 1 ] && rounds=1 pause=0.15 || rounds="1 2 3 4 5" pause=1
for i in $rounds; do
    echo "@kmemtap fixture m$i mark number=$i" >$I/trace_marker
    ls / >/dev/null
    mkdir "$dir/d" && rmdir "$dir/d"
done
# Long enough for a time extend (2^27 ns).
sleep $pause
ls / >/dev/null
echo 0 >$I/tracing_on
if [ "${STACKS:-0}" = 1 ]; then for e in kmalloc kmem_cache_alloc; do echo '!stacktrace' >$I/events/kmem/$e/trigger; done; fi
cat $I/events/header_page >"$dir/header_page"
cat $I/events/ftrace/print/format $I/events/ftrace/kernel_stack/format $I/events/kmem/k*/format >"$dir/formats"
cat $I/trace >"$dir/trace"
for c in "$I"/per_cpu/cpu*; do
    cat "$c/stats" >"$dir/${c##*/}.stats"
    entries=$(sed -n 's/^entries: //p' "$c/stats")
    pages=$(((entries * 20 + 4079) / 4080))
    : >"$dir/${c##*/}.raw"
    while [ "$entries" -gt 0 ]; do
        dd if="$c/trace_pipe_raw" bs=4096 count=$pages 2>/dev/null >>"$dir/${c##*/}.raw"
        entries=$(sed -n 's/^entries: //p' "$c/stats")
        pages=$(((entries * 20 + 4079) / 4080))
    done
done
# Only what the trace names: the whole file is ten megabytes.
cat /proc/kallsyms >"$dir/kallsyms"
