#!/bin/sh
# Packs what raw-fixture.sh wrote into DIR as fixtures/NAME: of kallsyms only what the trace names, and what follows each.
set -eu
dir=$1 name=$2
to=$(dirname "$0")/../fixtures/$name
mkdir -p "$to"
{
    grep -o 'call_site=[^+ ]*' "$dir/trace" | cut -c11-
    sed -n 's/^ => \([^+ ]*\).*/\1/p' "$dir/trace"
} | sort -u >"$dir/names"
# The order of one address's names is kept: the kernel prints the first.
sort -s -k1,1 "$dir/kallsyms" | awk '
    FNR == NR { wanted[$1] = 1; next }
    $1 != at { if (found) print; at = $1; found = 0 }
    $3 in wanted { print; found = 1 }
' "$dir/names" - >"$dir/kallsyms.cut"
cat "$dir/header_page" >"$to/header_page"
gzip -9nc "$dir/formats" >"$to/formats.gz"
gzip -9nc "$dir/kallsyms.cut" >"$to/kallsyms.gz"
gzip -9nc "$dir/trace" >"$to/trace.txt.gz"
for raw in "$dir"/cpu*.raw; do gzip -9nc "$raw" >"$to/$(basename "$raw").gz"; done
du -sh "$to"
