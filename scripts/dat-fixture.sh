#!/bin/sh
# Records what a command allocates with trace-cmd and writes DIR/NAME.dat.gz, and trace-cmd's own text of it, DIR/NAME.txt.gz.
# For fixtures/trace-dat-…, as root: unshare -m sh dat-fixture.sh DIR NAME KALLSYMS [trace-cmd record's options] COMMAND
#   sh dat-fixture.sh DIR v6 symbols --file-version 6 -e kmem -F ls
# KALLSYMS stands in for /proc/kallsyms, which has megabytes: a part of it, enough for the command's call sites.
set -eu
dir=$1 name=$2 kallsyms=$3
shift 3
T=/sys/kernel/tracing
I=$T/instances/datfix
work=$(mktemp -d)
kb=$(cut -d' ' -f1 $T/buffer_size_kb)
mkdir $I
trap 'rmdir $I 2>/dev/null; rm -rf "$work"' EXIT
# trace-cmd resets the function tracer at the top level as well; it may not, and need not: it sees files of this namespace.
echo 1 >"$work/enabled"
[ ! -e /proc/sys/kernel/ftrace_enabled ] || mount --bind "$work/enabled" /proc/sys/kernel/ftrace_enabled
echo "$kb" >"$work/kb"
mount --bind "$work/kb" $T/buffer_size_kb
for file in "$T"/set_ftrace_* "$I"/set_ftrace_* "$T"/set_graph_* "$I"/set_graph_*; do
    [ -e "$file" ] || continue
    : >"$work/$(echo "$file" | tr / _)"
    mount --bind "$work/$(echo "$file" | tr / _)" "$file"
done
mount --bind "$kallsyms" /proc/kallsyms
trace-cmd record -o "$work/$name.dat" -B datfix "$@" >&2
trace-cmd report "$work/$name.dat" >"$work/$name.txt"
gzip -9nc "$work/$name.dat" >"$dir/$name.dat.gz"
gzip -9nc "$work/$name.txt" >"$dir/$name.txt.gz"
