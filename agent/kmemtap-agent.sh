#!/bin/sh
# shellcheck shell=sh
# kmemtap's agent: arms the kmem events in a private tracefs instance, forwards them, restores everything.
#
#   sh -c "$(cat kmemtap-agent.sh)" kmemtap-agent VERB NONCE [key=value …]
#
#   facts   what this target is and can do; changes nothing that stays
#   text    the trace as text, from trace_pipe
#   raw     the ring buffers' sub-buffers as they are, from trace_pipe_raw
#   hist    sums per call site, made in the kernel by hist triggers
#   clean   removes what a killed agent left
#
# POSIX sh, for busybox ash, dash, bash, mksh. Nothing is installed, nothing written but tracefs and /proc/sys/kernel/printk,
# nothing mounted but tracefs; all of it is put back: at the end, on a signal, when nobody listens any more.
#
# It speaks in lines, each of which says how long it is, so that damage on the way is noticed (docs/agent.md):
#
#   @kmemtap NONCE WRITER+SEQ TYPE key=value … ~LENGTH
#
# In modes text and raw they go through the instance's trace_marker, so that they stand in the stream, in order and untorn.
# It hears lines: a full stop is a sign of life; the rest is in hear() below.

LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
VERB=$1 NONCE=$2 BLANKS=$IFS
shift 2

BUFFER_KB=8192 SUBBUF_KB=0 POLL=1 QUIET_S=30 GROW_KB=0 STATS=mark WAIT=0 SCOPE=system HASH=auto CONSOLE=0 SIZE=0 MEASURE=0 HOST='' NAMES=0 STACKS=0 SLABS=0 BULK=0 TAGS=0
for option; do
    value=${option#*=}
    case $option in
    buffer_kb=*) BUFFER_KB=$value ;;
    subbuf_kb=*) SUBBUF_KB=$value ;;
    poll=*) POLL=$value ;;
    quiet=*) QUIET_S=$value ;;
    grow_kb=*) GROW_KB=$value ;;
    stats=*) STATS=$value ;;
    wait=*) WAIT=$value ;;
    scope=*) SCOPE=$value ;;
    hash=*) HASH=$value ;;
    console=*) CONSOLE=$value ;;
    size=*) SIZE=$value ;;
    measure=*) MEASURE=$value ;;
    host=*) HOST=$value ;;
    names=*) NAMES=$value ;;
    slabs=*) SLABS=$value ;;
    tags=*) TAGS=$value ;;
    stacks=*) STACKS=$value ;;
    bulk=*) BULK=$value ;;
    esac
done

EVENTS="kmalloc kmalloc_node kmem_cache_alloc kmem_cache_alloc_node kfree kmem_cache_free"
TOP=$$ SEQ=0 W=m LINK=5 READER='' POLLER='' PUMP='' GATE='' LEVEL='' MOUNTED='' STACKS_BY='' READ='' STOPPED='' BEGUN='' FOUND_OFF='' PROBES='' COUNTED='' TIMED=''

# ---- speaking ----------------------------------------------------------------------------------------------------------

# One write a line: two writers must not tear each other's. dash's echo would eat backslashes; mksh has no printf of its own.
case $(type printf 2>/dev/null) in
*builtin*) put() { printf '%s\n' "$1"; } ;;
*)
    # shellcheck disable=SC3044 # print is tried only where printf is no builtin
    if [ "$(print -r -- x 2>/dev/null)" = x ]; then put() { print -r -- "$1"; }; else put() { printf '%s\n' "$1"; }; fi
    ;;
esac

emit() {
    SEQ=$((SEQ + 1))
    set -- "$NONCE $W$SEQ $*"
    put "@kmemtap $1 ~${#1}"
}
# To where marks go: trace_marker while the reader forwards the ring buffer, else the link itself.
mark() { emit "$@" 2>/dev/null >&3; }
finding() { emit finding "$@" >&$LINK; }
refuse() {
    emit refused "$@" >&5
    unmount
    exit 3
}

self() { read -r SELF _ </proc/self/stat; }
has() { type "$1" >/dev/null 2>&1; }
# NAPS of them are three seconds.
if sleep 0.01 2>/dev/null; then NAP=0.05 NAPS=60; else NAP=1 NAPS=3; fi
# Not "kill -0": a process that has ended answers it for as long as its parent has not asked for its status.
runs() {
    state=
    read -r _ _ state _ 2>/dev/null <"/proc/${1:-0}/stat"
    case $state in "" | Z | X) return 1 ;; esac
}
# Ends $1 and what is in its process group, if it leads one: by the signal $2.
tell() { kill "-$2" "-$1" || kill "-$2" "$1"; } 2>/dev/null
# The first word of a file, or nothing.
word() {
    WORD=
    [ -r "$1" ] && read -r WORD _ 2>/dev/null <"$1"
}

# ---- the place ---------------------------------------------------------------------------------------------------------

find_tracefs() {
    MOUNTED='' T=/sys/kernel/tracing
    is_there && return 0
    # Before debugfs is looked into, which mounts a tracefs by itself, and keeps it.
    if [ -d $T ] && mount -t tracefs tracefs $T 2>/dev/null; then
        MOUNTED=$T
        return 0
    fi
    T=/sys/kernel/debug/tracing
    is_there && return 0
    [ -d /sys/kernel/debug ] && mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null && MOUNTED=/sys/kernel/debug
    is_there
}

is_there() { [ -e "$T/trace_pipe" ]; }

# By the last one, who knows it by the others' names: in mode hist an agent holds no file open that would keep tracefs where it is.
unmount() {
    for i in "$T"/instances/kmemtap-*; do [ -d "$i" ] && MOUNTED=; done
    [ -n "$MOUNTED" ] && umount "$MOUNTED" 2>/dev/null
    MOUNTED=
}

# Another agent, alive or killed, has mounted it.
inherit_mount() {
    for i in "$T"/instances/kmemtap-*-m-p*; do
        [ -d "$i" ] || continue
        case $T in */debug/*) MOUNTED=${T%/*} ;; *) MOUNTED=$T ;; esac
    done
}

lockdown() {
    LOCKDOWN=unknown look=
    # Few small systems mount it.
    if [ ! -e /sys/kernel/security/lockdown ] && mount -t securityfs securityfs /sys/kernel/security 2>/dev/null; then look=1; fi
    if [ -r /sys/kernel/security/lockdown ]; then
        read -r LOCKDOWN </sys/kernel/security/lockdown
        LOCKDOWN=${LOCKDOWN#*\[}
        LOCKDOWN=${LOCKDOWN%%\]*}
    fi
    [ -n "$look" ] && umount /sys/kernel/security 2>/dev/null
    return 0
}

# Everything without which nothing can be traced; says which.
need_tracing() {
    case $(id -u 2>/dev/null) in
    0 | "") ;;
    *) refuse "code=not-root uid=$(id -u)" ;;
    esac
    [ -e /proc/self/stat ] || refuse "code=no-proc"
    if ! find_tracefs; then
        lockdown
        [ "$LOCKDOWN" = confidentiality ] && refuse "code=lockdown"
        [ -d /sys/kernel ] || refuse "code=no-sysfs"
        refuse "code=no-tracefs"
    fi
    for e in $EVENTS; do [ -d "$T/events/kmem/$e" ] && return 0; done
    refuse "code=no-events"
}

alive() { # an agent, not another process that has got its pid since
    [ -d "/proc/$1" ] || return 1
    case $(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) in *kmemtap-agent*) return 0 ;; *) return 1 ;; esac
}

# Instances are kmemtap-PID-NONCE[-m]-pPRINTK[.s]: who made it, whether tracefs is to be unmounted, and the console log level to be put
# back.
name_instance() { I=$T/instances/kmemtap-$TOP-$NONCE${MOUNTED:+-m}-p$1; }

each_stale() {
    for i in "$T"/instances/kmemtap-*; do
        [ -d "$i" ] || continue
        name=${i##*/kmemtap-}
        pid=${name%%-*}
        if [ "$pid" != $TOP ] && ! alive "$pid"; then "$1" "$i"; fi
    done
}

count_stale() { STALE=$((STALE + 1)); }

remove_stale() {
    level=${1##*-p}
    case $level in *[!0-9]* | "") ;; *) put "$level" 2>/dev/null >/proc/sys/kernel/printk ;; esac
    name=${1##*/kmemtap-}
    name=${name#*-}
    # The process whose end stops the sums has outlived the one that was to end it.
    gate=$(grep -v '^#' "$1/events/sched/sched_process_exit/trigger" | tail -n 1)
    gate=${gate##*"common_pid == "}
    case $(tr '\0' ' ' <"/proc/${gate%% *}/cmdline") in *"sleep 1000000 ") kill "${gate%% *}" ;; esac
    remove_hist "$1" "kmemtap_${name%%-*}"
    if remove_instance "$1"; then finding "code=stale-removed instance=${1##*/}"; else
        finding "code=stale-kept instance=${1##*/}"
    fi
}

remove_instance() {
    [ -d "$1" ] || return 0
    put 0 >"$1/tracing_on"
    put 0 >"$1/events/enable"
    stack_triggers "$1" '!stacktrace'
    tries=0
    # EBUSY while its reader has it open.
    until rmdir "$1" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -gt $NAPS ] && return 1
        sleep $NAP
    done
} 2>/dev/null

# ---- stacks ------------------------------------------------------------------------------------------------------------

# Writes $2 into the triggers of all allocations' events of the instance $1.
stack_triggers() {
    for e in $EVENTS; do
        case $e in *free) ;; *) [ ! -e "$1/events/kmem/$e/trigger" ] || put "$2" >"$1/events/kmem/$e/trigger" || return ;; esac
    done
}

# By a trigger on allocations alone, if its stacks arrive here: old kernels that have not got its fix write them to the top
# level's buffer, whatever instance it is in. Else by the instance's option, which has every event followed by its stack.
arm_stacks() {
    # With offsets and sizes, as call sites have them: so a frame is known again.
    set_up options/sym-offset 1
    put 1 >"$I/tracing_on"
    # One, since it may go astray; a trigger needs no event that is on.
    if [ -e "$I/events/kmem/kmalloc/trigger" ] && put 'stacktrace:1' >"$I/events/kmem/kmalloc/trigger"; then
        word "$T/trace_clock" # allocates
        put 0 >"$I/tracing_on"
        put '!stacktrace' >"$I/events/kmem/kmalloc/trigger"
        while read -r line; do
            case $line in *"<stack trace>"*) STACKS_BY=trigger && break ;; esac
        done <"$I/trace"
        put >"$I/trace" ''
    fi
    put 0 >"$I/tracing_on"
    if [ -z "$STACKS_BY" ] && set_up options/stacktrace 1; then STACKS_BY=option; fi
    finding "code=stacks by=${STACKS_BY:-nothing}"
} 2>/dev/null

# ---- probes ------------------------------------------------------------------------------------------------------------

# Frees that raise no event, by kprobes: kfree_rcu when it is called, bulk frees when they happen. Probes stand at the top level; their
# group is of this agent alone, and only its instance enables them.
arm_bulk() {
    if [ ! -e "$T/kprobe_events" ]; then
        finding "code=bulk-none reason=no-kprobes"
        return
    fi
    while read -r line; do
        case $line in *" ptr;"*size:4*) bits=x32 && break ;; *" ptr;"*size:8*) bits=x64 && break ;; esac
    done <"$I/events/kmem/kfree/format"
    # Who called, on entry: on the stack's top, or in the link register.
    case $(uname -m) in x86_64 | i?86) caller="\$stack0" ;; *) caller=%lr ;; esac
    # 32-bit ARM does not know its functions' arguments (CONFIG_HAVE_FUNCTION_ARG_ACCESS_API).
    for registers in "\$arg1 \$arg2 \$arg3" "%r0 %r1 %r2"; do
        # shellcheck disable=SC2086 # words
        set -- $registers
        probe kmemtap_rcu_free "kvfree_call_rcu kfree_call_rcu" "head=$1:$bits ptr=$2:$bits"
        probe kmemtap_bulk_free kmem_cache_free_bulk "s=$1:$bits n=$2:$bits p=+0($3):${bits}[$BULK_SLOTS]"
        [ -n "$PROBES" ] && break
    done
    case $PROBES in "") finding "code=bulk-none reason=refused" ;; *) finding "code=bulk" ;; esac
}
# The most that an array of a probe may have (kernel/trace/trace_probe.h, MAX_ARRAY_LEN).
BULK_SLOTS=64

# The probe $1 of the first of the functions $2 that is there, with the arguments $3.
probe() {
    for function in $2; do
        for by in " ip=$caller:symbol" ''; do
            put "p:kmemtap_$NONCE/$1 $function $3$by" >>"$T/kprobe_events" || continue
            PROBES="$PROBES $1"
            return
        done
    done
} 2>/dev/null

# Removes probes that no instance is there for. Those of an instance can only be removed when it is.
sweep_probes() {
    [ -e "$T/kprobe_events" ] || return 0
    list=
    while read -r line _; do
        line=${line#*:}
        group=${line%%/*}
        case $group in kmemtap_*) ;; *) continue ;; esac
        for i in "$T"/instances/kmemtap-*-"${group#kmemtap_}"-*p*; do [ -d "$i" ] && continue 2; done
        list="$list $line"
    done <"$T/kprobe_events"
    for line in $list; do put "-:$line" >>"$T/kprobe_events"; done
} 2>/dev/null

# ---- hist triggers -----------------------------------------------------------------------------------------------------

# Taken away in the order that their references allow, by the very strings that made them.
remove_hist() {
    for where in "$1" "$1.s"; do
        [ -d "$where" ] || continue
        for f in "$where"/events/sched/sched_process_*/trigger "$where"/events/kmem/*free/trigger \
            "$where"/events/synthetic/*/trigger "$where"/events/kmem/*alloc/trigger; do
            [ -e "$f" ] || continue
            # The kernel lists a trigger as it wants it back, with its state in brackets behind.
            while grep -v '^#' "$f" >/dev/null 2>&1; do
                line=$(grep -v '^#' "$f" | tail -n 1)
                put "!${line% \[*}" 2>/dev/null >"$f" || break
            done
        done
    done
    if [ -e "$T/synthetic_events" ] && grep -q "^$2[[:space:]]" "$T/synthetic_events" 2>/dev/null; then
        put "!$2" 2>/dev/null >>"$T/synthetic_events"
    fi
    case $1 in *.s) ;; *) remove_instance "$1.s" ;; esac
} 2>/dev/null

# ---- what this target is -----------------------------------------------------------------------------------------------

fact() { emit "fact $1" "$2" >&5; }

facts() {
    exec 5>&1
    fact uid "$(id -u 2>/dev/null)"
    fact release "$(uname -r)"
    fact machine "$(uname -m)"
    word /proc/sys/kernel/random/boot_id
    fact boot_id "$WORD"
    # ELF notes: the build-id, which tells a rebuilt kernel of the same release.
    [ -r /sys/kernel/notes ] && has od && fact notes "$(od -An -v -tx1 /sys/kernel/notes 2>/dev/null | tr -d ' \n')"
    cpus=0
    for c in /sys/devices/system/cpu/cpu[0-9]*; do [ -d "$c" ] && cpus=$((cpus + 1)); done
    fact cpus $cpus
    available
    fact mem_available_kb "$AVAILABLE"
    fact mem_total_kb "$TOTAL"
    lockdown
    fact lockdown "$LOCKDOWN"
    word /proc/sys/kernel/kptr_restrict
    fact kptr_restrict "$WORD"
    word /proc/sys/kernel/printk
    fact console_loglevel "$WORD"
    line=
    [ -r /sys/class/tty/console/active ] && read -r line </sys/class/tty/console/active
    fact consoles "$line"
    word /sys/devices/system/clocksource/clocksource0/current_clocksource
    fact clocksource "$WORD"
    # The first ones may be of CPUs, and those are at 0.
    while read -r WORD line _ && [ "$line" != T ]; do :; done </proc/kallsyms
    case $WORD in "") fact kallsyms none ;; *[!0]*) fact kallsyms addresses ;; *) fact kallsyms zeros ;; esac
    read -r line </proc/cmdline && fact cmdline "$line"
    tools=
    for tool in awk dd grep tail tr stty cksum gzip base64 setsid modprobe mke2fs sleep; do has $tool && tools="$tools $tool"; done
    fact tools "$tools"
    fact sleep_fraction "$([ $NAP = 1 ] && echo no || echo yes)"
    fact timed_read "$(times_reads && echo yes || echo no)"
    # The marker that tells which awk: mawk must be told to read line by line.
    I=
    if find_tracefs; then
        fact tracefs "$T${MOUNTED:+ (not mounted)}"
        inherit_mount
        # As in make_instance: another one may unmount it meanwhile.
        if [ -n "$MOUNTED" ] || ! is_there; then claim || { find_tracefs && claim; }; fi
        tracing_facts
        [ -n "$I" ] && remove_instance "$I" 2>/dev/null
        unmount
    else
        fact tracefs none
    fi
    emit facts-done >&5
}

# An instance, by whose name an agent that begins or ends meanwhile knows who unmounts tracefs: without it neither would.
claim() {
    inherit_mount
    name_instance ""
    mkdir "$I" 2>/dev/null && return
    I=
    return 1
}

tracing_facts() {
    found=
    for e in $EVENTS; do [ -d "$T/events/kmem/$e" ] && found="$found $e"; done
    fact events "$found"
    fact instances "$([ -d "$T/instances" ] && echo yes || echo no)"
    fact hist "$([ -e "$T/events/kmem/kmalloc/hist" ] && echo yes || echo no)"
    fact synthetic "$([ -e "$T/synthetic_events" ] && echo yes || echo no)"
    fact kprobes "$([ -e "$T/kprobe_events" ] && echo yes || echo no)"
    fact notrace_pid "$([ -e "$T/set_event_notrace_pid" ] && echo yes || echo no)"
    fact hash_ptr "$([ -e "$T/options/hash-ptr" ] && echo yes || echo no)"
    read -r line <"$T/trace_clock" && fact clocks "$line"
    word "$T/current_tracer"
    fact tracer "$WORD"
    word "$T/tracing_on"
    fact tracing_on "$WORD"
    word "$T/buffer_size_kb"
    fact buffer_kb "$WORD"
    on=
    for f in "$T"/events/*/enable; do
        word "$f"
        f=${f%/enable}
        # "ftrace" is the format of the kernel's own entries, and says 1 on 5.10.
        case ${f##*/}:$WORD in *:0 | *: | ftrace:*) ;; *) on="$on ${f##*/}" ;; esac
    done 2>/dev/null
    fact events_on "$on"
    others=
    for i in "$T"/instances/*; do [ -d "$i" ] && [ "$i" != "$I" ] && others="$others ${i##*/}"; done
    fact other_instances "$others"
    STALE=0
    each_stale count_stale
    fact stale $STALE
    [ "$MEASURE" != 0 ] && measure_rate
    return 0
}

# Events a second now: what a capture would see, and how it would see pointers. In an instance of its own, without a reader.
measure_rate() {
    [ -n "$I" ] || claim || return
    put 1024 >"$I/buffer_size_kb"
    unhash
    word "$I/options/hash-ptr"
    fact pointers "$([ "${WORD:-0}" = 0 ] && echo real || echo hashed)"
    for e in $EVENTS; do [ -d "$I/events/kmem/$e" ] && put 1 >"$I/events/kmem/$e/enable"; done
    # A second as a capture's poller has it, by its filters: what it does is left out, but not what of it is freed later, by RCU.
    self
    ME=$SELF
    set_up options/event-fork 1
    leave_us_out
    leave_out "$ME"
    put 1 >"$I/tracing_on"
    sum_stats
    sleep "$MEASURE"
    put 0 >"$I/tracing_on"
    sum_stats
    fact events_per_window $((ENTRIES + OVERRUN))
    fact window_s "$MEASURE"
    [ "$ENTRIES" -gt 0 ] && fact event_bytes $((BYTES / ENTRIES))
}

available() {
    AVAILABLE=0 TOTAL=0
    while read -r key value _; do
        case $key in MemTotal:) TOTAL=$value ;; MemFree:) [ "$AVAILABLE" = 0 ] && AVAILABLE=$value ;; MemAvailable:) AVAILABLE=$value ;; esac
    done </proc/meminfo
}

# ---- the ring buffers --------------------------------------------------------------------------------------------------

# Calls $1 with what each CPU's ring buffer says (kernel/trace/trace.c, tracing_stats_read). The kernel makes these files
# anew for every read(2): a shell's read, of a byte each, would get digits of different times.
each_cpu() {
    key='' cpu='' left=$CPU_NAMES
    for w in ${STATS_TEXT:-$(cat "$I"/per_cpu/cpu*/stats)} entries: 0; do
        case $w in *[!0-9.]*) key=$key$w && continue ;; esac
        case $key in
        entries:)
            [ -n "$cpu" ] && $1
            cpu=${left%% *} left=${left#* } entries=$w overrun=0 commit=0 bytes=0 oldest=0 now=0 dropped=0 read=0
            ;;
        overrun:) overrun=$w ;;
        commitoverrun:) commit=$w ;;
        bytes:) bytes=$w ;;
        oldesteventts:) oldest=$w ;;
        nowts:) now=$w ;;
        droppedevents:) dropped=$w ;;
        readevents:) read=$w ;;
        esac
        key=
    done
}

name_cpus() {
    CPU_NAMES='' CPUS=0
    # In the order that each_cpu has them.
    for c in "$I"/per_cpu/cpu*; do CPU_NAMES="$CPU_NAMES${c##*/cpu} " CPUS=$((CPUS + 1)); done
}

sum_stats() {
    ENTRIES=0 OVERRUN=0 BYTES=0
    name_cpus
    each_cpu add_stats
}

add_stats() { ENTRIES=$((ENTRIES + entries)) OVERRUN=$((OVERRUN + overrun + dropped + commit)) BYTES=$((BYTES + bytes)); }

# Reports every CPU through $1; leaves in FULLEST the largest fill in per cent.
report_stats() {
    FULLEST=0 SAY=$1
    each_cpu one_stats
}

one_stats() {
    word "$I/per_cpu/cpu$cpu/buffer_size_kb"
    [ $((WORD * 10)) -gt 0 ] && [ $((bytes / (WORD * 10))) -gt "$FULLEST" ] && FULLEST=$((bytes / (WORD * 10)))
    $SAY stats "cpu=$cpu entries=$entries overrun=$overrun commit=$commit bytes=$bytes oldest=$oldest now=$now" \
        "dropped=$dropped read=$read kb=$WORD"
}

to_err() { emit "$@" >&6; }
to_link() { emit "$@" >&$LINK; }

grow() { # to $1 KB a CPU, but never into the last quarter of memory
    available
    if [ $((($1 - KB) * CPUS)) -gt $((AVAILABLE - AVAILABLE / 4)) ]; then
        [ -z "$TOLD" ] && mark grow-refused "kb=$1 available_kb=$AVAILABLE"
        TOLD=1
    elif put "$1" 2>/dev/null >"$I/buffer_size_kb"; then
        mark grown "from=$KB kb=$1"
        KB=$1
    fi
}

# Reports at a steady pace, enlarges the buffer before it overruns, and ends the capture when nobody listens any more: main
# tells it of every line that it hears. Should main be killed, or hang in a write that nobody reads, this one restores.
poller() {
    W=p SEQ=0 KB=$BUFFER_KB TOLD='' silent=0 since=0 nap='' saying=''
    trap 'silent=0 heard=1' USR1
    # Only main may end it: whoever ends them all may find main in a write that hangs.
    trap 'kill $nap $saying; exit' USR2
    trap '' INT TERM HUP PIPE
    [ "$VERB" = hist ] || { self && leave_out "$SELF"; }
    [ -n "$TIMED" ] && exec <>/proc/self/fd/0
    while :; do
        doze
        silent=$((silent + 1)) since=$((since + 1))
        [ $silent -eq $QUIET_TICKS ] && kill -HUP "$1"
        [ $silent -ge $((QUIET_TICKS * 2)) ] && kill -KILL "$1"
        if ! runs "$1"; then
            trap '' USR2
            kill $saying
            kill -KILL "$PUMP"
            restore
            exit 3
        fi
        [ "$VERB" = hist ] && continue
        if [ "$GROW_KB" -gt 0 ]; then
            FULLEST=0
            report_stats : # only looks
            if [ "$FULLEST" -ge 40 ] && [ "$KB" -lt "$GROW_KB" ]; then
                next=$((KB * 4))
                [ $next -gt "$GROW_KB" ] && next=$GROW_KB
                grow "$next"
            fi
        fi
        [ $since -lt $EVERY ] && continue
        since=0
        case $STATS in
        none) ;;
        err)
            # Where nobody reads it, not this one must wait for that.
            runs "$saying" && continue
            report_stats to_err 3>&- 4>&- 5>&- &
            saying=$! SEQ=$((SEQ + CPUS))
            ;;
        *) report_stats mark ;;
        esac
    done
}

# Waits for PACE seconds. Every sign of life interrupts that; while they come there is nothing to look at where a read waits.
doze() {
    while [ -n "$TIMED" ]; do
        word /proc/uptime
        since_s=${WORD%.*} heard=
        # shellcheck disable=SC3045 # tried in times_reads
        read -r -t "$PACE" line
        word /proc/uptime
        [ $((${WORD%.*} - since_s)) -ge $((PACE - 1)) ] && return
        # It does not wait after all.
        [ -z "$heard" ] && TIMED='' && count_sleeps
    done
    # With nothing open that others wait to see closed.
    sleep "$PACE" >/dev/null 3>&- 4>&- 5>&- 6>&- &
    nap=$!
    while wait $nap; [ $? -gt 128 ] && runs $nap; do :; done
}

# Whether this shell's read takes a time limit, as dash's does not, and a process can have both ends of a pipe, which then never ends.
# shellcheck disable=SC3045
times_reads() { put | { exec <>/proc/self/fd/0 && read -r -t 1 line; }; } 2>/dev/null

count_sleeps() { finding "code=sleep-counted pace=$PACE"; }

# Pace of looking and, in looks, of reporting and of giving up. Without fractions of a second all are whole ones.
pace() {
    PACE=$POLL EVERY=1
    if [ "$VERB" = hist ]; then
        # Its triggers see every sleep that is started, where it takes one.
        PACE=$((QUIET_S / 4))
        [ $PACE -gt 5 ] && PACE=5
        [ $PACE -lt 1 ] && PACE=1
        QUIET_TICKS=$((QUIET_S / PACE))
    elif [ "$GROW_KB" -gt 0 ] && [ $NAP != 1 ]; then
        PACE=0.1
        whole=${POLL%%.*}
        EVERY=$((${whole:-0} * 10))
        [ $EVERY -lt 1 ] && EVERY=2
        QUIET_TICKS=$((QUIET_S * 8))
    else
        case $POLL in 0.*) QUIET_TICKS=$((QUIET_S * 2)) ;; *) QUIET_TICKS=$((QUIET_S / ${POLL%%.*})) ;; esac
    fi
    [ $QUIET_TICKS -lt 2 ] && QUIET_TICKS=2
    [ $NAP = 1 ] && case $PACE in *.*) PACE=1 ;; esac
    return 0
}

# ---- arming ------------------------------------------------------------------------------------------------------------

set_up() { # $1: file of the instance, $2: value
    [ -e "$I/$1" ] && put "$2" 2>/dev/null >"$I/$1"
}

take_place() {
    inherit_mount
    each_stale remove_stale
    sweep_probes
    word /proc/sys/kernel/printk
    # Another one that is alive has turned it down.
    for i in "$T"/instances/kmemtap-*-p[0-9] "$T"/instances/kmemtap-*-p[0-9][0-9]; do [ -d "$i" ] && WORD=${i##*-p}; done
    name_instance "$([ "$CONSOLE" = 1 ] && echo "$WORD")"
    mkdir "$I"
}

refuse_place() {
    [ -d "$T/instances" ] || refuse "code=no-instances"
    refuse "code=no-instance path=$I"
}

make_instance() {
    exec 5>&1 6>&2 2>/dev/null
    need_tracing
    # Another agent that ends, and had mounted it, unmounts it between any two of these steps: then once more.
    if ! take_place; then
        is_there && refuse_place
        need_tracing
        take_place || refuse_place
    fi
    put 0 >"$I/tracing_on"
    name_cpus
    # 6.8 brought it. Before the size, which is kept in sub-buffers.
    [ "$SUBBUF_KB" = 0 ] || set_up buffer_subbuf_size_kb "$SUBBUF_KB" || finding "code=subbuf-refused kb=$SUBBUF_KB"
    set_up buffer_size_kb "$BUFFER_KB" || finding "code=buffer-refused kb=$BUFFER_KB"
    # Else CPUs' clocks differ, and an object freed on another CPU would be freed before it was allocated.
    set_up trace_clock global || finding "code=no-global-clock"
    set_up buffer_percent 0
    set_up options/event-fork 1
    set_up options/overwrite 1
    if [ "$CONSOLE" = 1 ]; then
        # The kernel's log goes to the same line, past the tty, into the middle of ours.
        LEVEL=$WORD
        put 1 2>/dev/null >/proc/sys/kernel/printk && finding "code=console-quiet level=$LEVEL"
    fi
    [ "$BULK" = 1 ] && arm_bulk
    [ "$VERB" = text ] && unhash
    word "$I/options/hash-ptr"
    if [ -n "$PROBES" ] && [ "$VERB:$WORD" = text:1 ]; then
        finding "code=bulk-none reason=hashed"
        PROBES=
    fi
    [ "$STACKS" = 1 ] && arm_stacks
    return 0
}

# Real pointers instead of hashes, unless that empties every %s (Debian's 6.1 on amd64).
unhash() {
    [ -e "$I/options/hash-ptr" ] || return
    [ "$HASH" = on ] && return
    put 0 2>/dev/null >"$I/options/hash-ptr" || return
    put 1 >"$I/events/kmem/kmalloc/enable"
    put 1 >"$I/tracing_on"
    word "$T/trace_clock" # allocates
    put 0 >"$I/tracing_on"
    put 0 >"$I/events/kmem/kmalloc/enable"
    while read -r line; do
        case $line in
        *"gfp_flags= "*)
            # Probes print addresses as they are: there must be pointers that are the same.
            [ -n "$PROBES" ] && finding "code=strings-empty" && break
            put 1 >"$I/options/hash-ptr"
            finding "code=hashed reason=empties-strings"
            break
            ;;
        *"gfp_flags="*) break ;;
        esac
    done <"$I/trace"
    put >"$I/trace" ''
}

# The process $1, with all that it forks, and with what interrupts do meanwhile: for the short work of processes whose pids nobody knows
# before. By the process itself, or by main: both are left out by filters, and so is what the kernel allocates for the list.
leave_out() {
    if [ -e "$I/set_event_notrace_pid" ]; then put "$1" >>"$I/set_event_notrace_pid"; fi
}

# The pump cannot speak to main, which must know it: it leaves its pid in a place of the instance that has no effect.
introduce() {
    self
    put "common_pid != $SELF" >"$I/events/kmem/mm_page_free/filter"
}

meet_pump() {
    tries=0
    while [ $tries -lt $NAPS ] && [ -e "$I/events/kmem/mm_page_free" ]; do
        # The kernel gives this file to one read, which a shell's of a byte is not.
        PUMP=$(dd if="$I/events/kmem/mm_page_free/filter" bs=64 count=1)
        case $PUMP in *" != "*) break ;; esac
        tries=$((tries + 1))
        sleep $NAP
    done
    PUMP=${PUMP##*[!0-9]}
}

SOME='ptr != 0'

# The condition that a task is none of the host's threads, of which each allocates, where the host is a process of this machine. Threads that
# were started one after the other are one range: a condition less costs less at each event.
not_host() {
    OTHERS='' first=-2 at=-2
    for p in /proc/"$HOST"/task/[0-9]* end; do
        p=${p##*/}
        case $p in *"*") continue ;; esac
        [ "$p" = $((at + 1)) ] && at=$p && continue
        case $at in
        -2) ;;
        "$first") OTHERS="$OTHERS && common_pid != $at" ;;
        *) OTHERS="$OTHERS && (common_pid < $first || common_pid > $at)" ;;
        esac
        first=$p at=$p
    done
}

# What our standing tasks do is left out, and the host where it is of this machine: it would read of each of its reads.
# But not what interrupts do while they run, which only borrow the task: 24 is TRACE_FLAG_HARDIRQ | TRACE_FLAG_SOFTIRQ. Else
# other tasks' objects that RCU frees then would look alive for ever.
leave_us_out() {
    filter="common_pid != $ME"
    for p in $READER $POLLER $PUMP; do filter="$filter && common_pid != $p"; done
    if [ -n "$HOST" ]; then not_host && filter=$filter$OTHERS; fi
    for e in $EVENTS; do
        [ -d "$I/events/kmem/$e" ] || continue
        others="(common_flags & 24) || ($filter)"
        # A free of NULL frees nothing, and there may be more of them than of all others.
        [ "$e" = kfree ] && others="$SOME && ($others)"
        put "$others" >"$I/events/kmem/$e/filter" || finding "code=filter-refused event=$e"
    done
    for e in $PROBES; do
        others="(common_flags & 24) || ($filter)"
        # A list of objects of several caches that is longer than a record is kfree_rcu's, and has been told.
        case $PROBES:$e in *rcu*:*bulk*) others="(s != 0 || n <= $BULK_SLOTS) && ($others)" ;; esac
        put "$others" >"$I/events/kmemtap_$NONCE/$e/filter" || finding "code=filter-refused event=$e"
    done
    # The filter of the event alone would leave us its stack. Behind the window's end there are to be none, which the reader is started
    # again at: they would be what nobody has read.
    if [ "$STACKS_BY$STOPPED" = trigger ]; then
        stack_triggers "$I" '!stacktrace'
        stack_triggers "$I" "stacktrace if (common_flags & 24) || ($filter)" || finding "code=stacks-refused"
    fi
    # 5.7 brought it.
    [ -e "$I/set_event_notrace_pid" ] || finding "code=helpers-traced"
} 2>/dev/null

enable_events() {
    for e in $EVENTS; do
        [ -d "$I/events/kmem/$e" ] || continue
        put 1 2>/dev/null >"$I/events/kmem/$e/enable" || finding "code=event-refused event=$e"
    done
    for e in $PROBES; do
        put 1 2>/dev/null >"$I/events/kmemtap_$NONCE/$e/enable" || finding "code=event-refused event=$e"
    done
    # After these, an address has another name.
    [ "$VERB" = raw ] && set_up events/module/module_load/enable 1 && set_up events/module/module_free/enable 1
    return 0
}

# ---- the end -----------------------------------------------------------------------------------------------------------

# Whatever happened, and as often as it is called. Speaks to nobody: there may be nobody.
restore() {
    put 0 >"$I/tracing_on"
    kill -USR2 $POLLER
    [ -n "$GATE" ] && kill "$GATE"
    end_reader
    # The launcher lets go of the instance. Told, too: mksh keeps a copy of the pipe's end.
    put end >&4
    exec 3>&- 4>&-
    [ "$VERB" = hist ] && remove_hist "$I" "kmemtap_$NONCE"
    KEPT=
    remove_instance "$I" || KEPT=$I
    [ "$BULK" = 1 ] && sweep_probes
    [ -n "$LEVEL" ] && put "$LEVEL" >/proc/sys/kernel/printk
    unmount
}

finish() { # $1: why
    trap '' INT TERM HUP PIPE USR1
    # A trap runs within hear's read.
    IFS=$BLANKS
    kill -USR2 $POLLER
    end_reader
    put 0 >"$I/tracing_on"
    last=
    [ "$VERB" = hist ] || { last=$(report_stats emit) && SEQ=$((SEQ + CPUS)); }
    put end >&4
    if [ "$1" != stop ] || ! in_time "$PUMP"; then kill -KILL "$PUMP"; fi
    restore
    {
        # On a line of its own, behind whatever the reader was in.
        put "
$last"
        [ -n "$KEPT" ] && emit finding "code=instance-kept path=$KEPT"
        emit end "reason=$1"
        emit bye
    } >&5 &
    in_time $! || kill -KILL $!
    exit 0
}

# In mode raw it, or its dd, may be in a write that nobody reads. Told more than once: of a signal that comes between a shell's last
# look and its wait for dd it hears when dd ends, which it does not by itself.
end_reader() {
    [ -n "$READER" ] || return
    tries=0
    while kill "$READER" && runs "$READER"; do
        tries=$((tries + 1))
        [ $tries -gt $((NAPS / 3)) ] && kill -KILL "$READER" && break
        sleep $NAP
    done
    wait "$READER"
}

# Waits for the end of $1, but not for ever.
in_time() {
    tries=0
    while runs "$1"; do
        tries=$((tries + 1))
        [ $tries -gt "${2:-$NAPS}" ] && return 1
        sleep $NAP
    done
}

# ---- text --------------------------------------------------------------------------------------------------------------

# dd, not cat: busybox cat uses sendfile, which loops on itself on 5.10. Whoever holds the instance's files, or the pipe to the
# launcher, open is in the way at the end.
start_reader() {
    case $VERB in
    raw) read_raw 2>/dev/null >&5 3>&- 4>&- 6>&- & ;;
    *) dd if="$I/trace_pipe" bs=16384 2>/dev/null >&5 3>&- 4>&- 6>&- & ;;
    esac
    READER=$!
}

# trace_pipe ends where tracing goes off while somebody waits there; that it fails says that the link is gone.
keep_reading() {
    [ -z "$READER" ] || runs "$READER" && return
    wait "$READER" || finish lost
    start_reader
    leave_us_out
}

main_text() {
    # Beside the sub-buffers, which nobody may write into.
    [ "$VERB" = raw ] && LINK=6
    listen
    enable_events
    exec 3>"$I/trace_marker"
    start_reader
    start_poller
    leave_us_out
    if [ "$SCOPE" = process ]; then put "$TOP" >"$I/set_event_pid"; fi
    to_link armed "instance=${I##*/} pid=$TOP main=$ME reader=$READER poller=$POLLER pump=$PUMP kb=$BUFFER_KB"
    [ "$WAIT" = 0 ] && begin_window
    hear
}

listen() {
    W=m SEQ=1000
    self
    ME=$SELF
    trap 'finish signal' INT TERM
    trap 'finish lost' HUP
    # USR1 is the poller's, who may not listen yet.
    trap '' PIPE USR1
    meet_pump
}

start_poller() {
    pace
    # What a process that sleeps makes when it is started, and ends, would be the whole account of an idle target.
    if [ "$VERB" = hist ]; then
        if [ "$PACE" -gt 1 ] && times_reads; then TIMED=1; else count_sleeps; fi
    fi
    if [ -n "$TIMED" ]; then
        : | poller "$ME" >/dev/null &
    else
        poller "$ME" >/dev/null &
    fi
    POLLER=$!
}

# What the host says, a line each; its end is a lost link.
hear() {
    while IFS= read -r line; do
        kill -USR1 $POLLER 2>/dev/null
        keep_reading
        look_on
        line=${line%"$CR"}
        case $line in
        . | "") ;;
        stop) stop ;;
        bye) finish stop ;;
        "grow "*) KB=$BUFFER_KB TOLD='' && grow "${line#grow }" ;;
        "slabs "*) read_slabs "${line#slabs }" && send_slabs "${line#slabs }" ;;
        "symbols "*) symbols "${line#symbols }" ;;
        "term "*) tell "${line#term }" TERM ;;
        on) begin_window ;;
        "phase "*)
            # By this process, which is left out of the trace, as the launcher is not.
            read_slabs "${line#phase }" && send_slabs "${line#phase }"
            put "$line" >&4
            ;;
        "arg "* | again | tick*) put "$line" >&4 ;;
        *) to_link unheard "length=${#line}" ;;
        esac
    done
    finish lost
}
CR=$(printf '\r')

# Who else may write to the instance may turn it off, and nothing of what then is missing counts as lost. Each is told once.
look_on() {
    [ "$BEGUN:$STOPPED" = 1: ] || return
    word "$I/tracing_on"
    [ "$WORD" = 0 ] && found_off tracing_on
    for e in $EVENTS; do
        word "$I/events/kmem/$e/enable"
        [ "$WORD" = 0 ] && found_off "$e"
    done
}

found_off() {
    case $FOUND_OFF in *" $1 "*) return ;; esac
    FOUND_OFF="$FOUND_OFF $1 "
    finding "code=turned-off what=$1"
}

# ---- what slabs hold ---------------------------------------------------------------------------------------------------

# Bulk frees and some of RCU raise no event, but /proc/slabinfo counts what they free. $1: which reading. The first line marks where
# in the trace it was read. No process is started for it: it would be in the trace until it has left itself out, and what it made
# before and freed after that would look alive.
read_slabs() {
    READ=
    [ "$SLABS" = 0 ] && return 1
    # What CPUs keep free for themselves counts as used. Links are other names of caches that were merged.
    [ "$SLABS" = exact ] && for f in /sys/kernel/slab/*/shrink; do [ -L "${f%/*}" ] || put 1 >"$f"; done 2>/dev/null
    mark slabs "at=$1 how=$SLABS"
    while read -r row; do READ=$READ$row$NEWLINE; done 2>/dev/null </proc/slabinfo
    return 0
}

# Sends what was read, of the caches that have objects: name=objects,bytes of an object,objects of a slab. The last line tells
# whether all have arrived.
send_slabs() {
    at=$1 batch='' lines=0 caches=0 sheaves=
    # From Linux 6.18 on: how many free objects a sheaf of a cache holds, which count as used.
    [ -e /sys/kernel/slab/kmalloc-64/sheaf_capacity ] && sheaves=1
    case $READ in
    *"version: 2"*) ;;
    *)
        mark slabs-none "at=$at"
        return
        ;;
    esac
    IFS=$NEWLINE
    for row in $READ; do
        IFS=$BLANKS
        # shellcheck disable=SC2086 # words
        set -- $row
        case $1:$2 in slabinfo:* | "#":* | *:0) continue ;; esac
        sheaf=0
        [ -n "$sheaves" ] && { read -r sheaf <"/sys/kernel/slab/$1/sheaf_capacity"; } 2>/dev/null
        case $sheaf in 0 | '') ;; *) set -- "$1" "$2" '' "$4" "$5,$sheaf" ;; esac
        batch="$batch $1=$2,$4,$5" caches=$((caches + 1))
        if [ ${#batch} -gt 600 ]; then
            mark slab "at=$at$batch"
            batch='' lines=$((lines + 1))
        fi
    done
    IFS=$BLANKS
    [ -n "$batch" ] && mark slab "at=$at$batch" && lines=$((lines + 1))
    mark slabs-done "at=$at lines=$lines caches=$caches"
    READ=
}
NEWLINE='
'

# ---- what the kernel's own counters say --------------------------------------------------------------------------------

# /proc/allocinfo (CONFIG_MEM_ALLOC_PROFILING, Linux 6.10): what each line of the kernel's source has allocated that is alive, thousands
# of them, too many for a shell's read of a byte each. So awk reads them, while tracing is off: nothing of it is in the trace. It adds
# up the lines of a function, in pieces that a mark has room for; a line of theirs begins with the number of its functions. $1: 1 has
# those as well of which nothing is alive, else a function all of whose objects are gone would be none that the kernel counts.
read_tags() {
    COUNTED=
    [ "$TAGS" = 1 ] && [ -r /proc/allocinfo ] || return 0
    word /proc/sys/vm/mem_profiling
    if [ "$WORD" = 0 ]; then
        COUNTED=off
    elif ! has awk; then
        COUNTED=no-awk
    else
        COUNTED=$(awk -v all="$1" "$TAGS_AWK" /proc/allocinfo)
    fi
}

# shellcheck disable=SC2016 # awk's variables, not the shell's
TAGS_AWK='
/^ *-?[0-9]+ +[0-9]+ / {
    for (i = 4; i <= NF && $i !~ /^func:/; i++);
    if (i > NF) next
    file = $3
    sub(/:[0-9]+$/, "", file)
    key = file ":" substr($i, 6)
    bytes[key] += $1
    calls[key] += $2
}
END {
    for (key in calls) {
        if (!all && !bytes[key] && !calls[key]) continue
        text = text " " key "=" sprintf("%.0f,%.0f", calls[key], bytes[key])
        n++
        if (length(text) > 600) { print n text; text = ""; n = 0 }
    }
    if (n) print n text
}'

# Sends what was read, file:function=objects,bytes. The last line tells whether all have arrived.
send_tags() {
    case $COUNTED in
    "") return ;;
    [!0-9]*)
        mark tags-none "at=$1 reason=$COUNTED"
        return
        ;;
    esac
    at=$1 lines=0 functions=0
    mark tags "at=$at"
    IFS=$NEWLINE
    for row in $COUNTED; do
        IFS=$BLANKS
        mark tag "at=$at ${row#* }"
        lines=$((lines + 1)) functions=$((functions + ${row%% *}))
    done
    IFS=$BLANKS
    mark tags-done "at=$at lines=$lines functions=$functions"
    COUNTED=
}

# The window ends at one instant for all CPUs and events; the last mark then is the last thing in the ring buffer.
stop() {
    if [ "$VERB" = hist ]; then
        kill "$GATE" 2>/dev/null
        wait "$GATE" 2>/dev/null
        GATE=
    else
        # Told once more, it has been said.
        told=$STOPPED STOPPED=1
        [ -z "$told" ] && read_slabs last
        put 0 >"$I/tracing_on"
        [ -z "$told" ] && read_tags 1
        put 0 >"$I/events/enable"
        # A trigger does its work for an event that is off, too.
        [ -z "$STACKS_BY" ] || stack_triggers "$I" '!stacktrace' 2>/dev/null
        put 1 >"$I/tracing_on"
        [ -n "$READ" ] && send_slabs last
        send_tags last
    fi
    mark last
    sleep $NAP
    keep_reading
}

# The text symbols of modules, so that their call sites keep their names when they go: "all", or names.
symbols() {
    # In a process that is left out from its fork on, with those that it starts: main writes to the list, since filters know what that
    # allocates. While main waits for it no interrupt is hidden that would have come in between.
    leave_out "$ME"
    (send_symbols "$1")
    # What the poller has running is no longer left out then: it ends within a second, and frees what it allocates from here on.
    [ ! -e "$I/set_event_notrace_pid" ] || put "$POLLER" >"$I/set_event_notrace_pid"
    SEQ=$((SEQ + 1000))
    mark symbols-done "names=$1"
}

send_symbols() {
    if ! has grep; then
        mark symbols-none
        return
    fi
    case $1 in all) pattern='\[' ;; *) pattern= && for m in $1; do pattern="$pattern -e [[]${m}[]]"; done ;; esac
    batch=
    # shellcheck disable=SC2086 # a pattern each
    grep -i '^[0-9a-f]* t ' /proc/kallsyms | grep $pattern | {
        while read -r address _ name module; do
            # Where code begins on ARM: no function.
            case $name in '$'* | .L*) continue ;; esac
            batch="$batch $address:$name:$module"
            if [ ${#batch} -gt 700 ]; then
                mark sym "$batch"
                kill -USR1 "$POLLER"
                batch=
            fi
        done
        [ -n "$batch" ] && mark sym "$batch"
    }
}

# ---- raw ---------------------------------------------------------------------------------------------------------------

# In rounds: what every CPU's stats say, then what they said is there. So the host knows when it has all events up to those
# stats, and no CPU's events wait for one that has nothing to say. Of dd and its like the host is told the pids, to leave out
# what they do; filters could know only pids that stay.
read_raw() {
    W=r SEQ=0 HELPERS='' CHILD='' ENDING='' TORN=''
    trap 'ENDING=1; kill $CHILD' TERM
    trap '' INT HUP USR1 USR2
    trap 'exit 1' PIPE
    send_file header_page "$I/events/header_page"
    header=$SAID
    send_file header_event "$I/events/header_event"
    for e in ftrace/print ${STACKS_BY:+ftrace/kernel_stack} module/module_load module/module_free; do
        [ -d "$I/events/$e" ] && send_file format "$I/events/$e/format"
    done
    for e in $EVENTS; do [ -d "$I/events/kmem/$e" ] && send_file format "$I/events/kmem/$e/format"; done
    for e in $PROBES; do send_file format "$I/events/kmemtap_$NONCE/$e/format"; done
    # field: char data;  offset:16;  size:4080;  signed:1;
    for w in $header; do
        w=${w%;}
        case $w in
        offset:*) offset=${w#*:} ;;
        size:*) size=${w#*:} ;;
        signed:*) case $field in commit) LEAST=$((12 + 2 * size)) ;; data) DATA=$size PAGE=$((offset + size)) ;; esac ;;
        *) field=$w ;;
        esac
    done
    # busybox dd waits where nothing is. Then no more is asked for than there must be: no record is shorter than LEAST. Kernels
    # before 6.6 subtract whole sub-buffers from the bytes, which then may be anything.
    dd if=/dev/null iflag=nonblock count=0 &
    helper $! && NONBLOCK=iflag=nonblock || NONBLOCK=
    MODULE=
    read -r MODULE _ </proc/modules
    # Thousands of tasks are remembered, or 128 of them, which a busy target forgets in seconds.
    word "$T/saved_cmdlines_size"
    case $WORD in "" | *[!0-9]*) NAMES_S=1 ;; *) NAMES_S=$((WORD / 128)) ;; esac
    NAMED=-$NAMES_S
    while [ -z "$ENDING" ]; do read_round || exit 1; done
    # Behind a sub-buffer that is cut nothing can be told from its rest.
    [ -n "$TORN" ] || send_names
}

# What tasks are called, by their pids: the ring buffers have no names.
send_names() {
    [ "$NAMES" = 1 ] && [ -r "$T/saved_cmdlines" ] || return 0
    send_file cmdlines "$T/saved_cmdlines"
}

# What is in the file, which is left in SAID.
send_file() {
    run_helper cat "$2"
    blob "$1" "$SAID"
}

blob() {
    emit blob "name=$1 bytes=$((${#2} + 1))"
    put "$2"
}

read_round() {
    told=$HELPERS HELPERS=''
    run_helper cat "$I"/per_cpu/cpu*/stats
    STATS_TEXT=$SAID READS='' ENTRIES=0
    emit helpers "pids=$told$HELPERS" || return
    HELPERS=
    look_for_modules
    report_stats plan_read
    # By the trace clock, which stands still for nobody.
    second=${now%%.*}
    if [ $((second - NAMED)) -ge $NAMES_S ]; then NAMED=$second && send_names; fi
    for r in $READS; do
        # Nobody would end a dd that is started once we were told to end, and it holds the instance.
        [ -n "$ENDING" ] && return
        emit pages "cpu=${r%:*}" || return
        # shellcheck disable=SC2086 # a word or none
        dd if="$I/per_cpu/cpu${r%:*}/trace_pipe_raw" bs="$PAGE" count="${r#*:}" $NONBLOCK &
        helper $!
        [ $? -gt 128 ] && TORN=1
    done
    emit round || return
    if [ "$ENTRIES" -lt 1000 ]; then pause=0.25; elif [ "$ENTRIES" -lt $((BUFFER_KB * 2)) ]; then pause=0.1; else return 0; fi
    [ $NAP = 1 ] && pause=1
    sleep $pause >/dev/null &
    helper $!
    return 0
}

# The output of a program, in SAID, and its pid, which comes before it.
run_helper() {
    SAID=$({ self && put "$SELF" && exec "$@"; })
    HELPERS=$HELPERS${SAID%%[!0-9]*},
    SAID=${SAID#*[!0-9]}
}

# The symbols of modules that have come, which may soon go: the newest stands first.
look_for_modules() {
    latest=$MODULE new=''
    while read -r name _; do
        [ "$name" = "$MODULE" ] && break
        [ "$latest" = "$MODULE" ] && latest=$name
        new="$new -e [$name]"
    done
    MODULE=$latest
    [ -z "$new" ] && return
    # shellcheck disable=SC2086 # words
    run_helper grep -F $new /proc/kallsyms
    blob kallsyms "$SAID"
} </proc/modules

plan_read() {
    emit "$@"
    [ "$entries" -gt 0 ] || return
    ENTRIES=$((ENTRIES + entries))
    # What comes meanwhile is the next round's: read at once, it would fill a sub-buffer with an event or two.
    count=$((entries * LEAST / DATA + 1))
    [ -n "$NONBLOCK" ] && [ "$bytes" -gt $((entries * LEAST)) ] && count=$((bytes / DATA + 1))
    READS="$READS $cpu:$count"
}

helper() {
    CHILD=$1 HELPERS=$HELPERS$1,
    # The trap did not know it yet.
    [ -n "$ENDING" ] && kill "$CHILD"
    wait "$1"
    set -- $?
    CHILD=
    return "$1"
}

# ---- workloads ---------------------------------------------------------------------------------------------------------

# Runs what the host asks for. Not excluded from the trace, nor are its children: they are what is looked at.
launcher() {
    W=l SEQ=0 command='' WORK='' DONE=''
    # Whatever comes, the workload is ended first; what is started here has the usual signals.
    trap : INT TERM HUP PIPE
    if [ "$VERB" = hist ]; then exec 3>&5; else exec 3>"$I/trace_marker"; fi
    while IFS= read -r line; do
        case $line in
        "arg "*)
            # A byte a \0ooo where it is no plain letter: the terminal must not act on it.
            command="$command$(printf '%b_' "${line#arg }")"
            command=${command%_}
            ;;
        end) break ;;
        tick*) put "$TICK$line" ;;
        "phase "*)
            name=${line#phase } DONE=
            work "$name" "$command" &
            WORK=$! command='' SEQ=$((SEQ + 1000))
            ;;
        again)
            # The mark that it ended may have been overwritten.
            if [ -n "$WORK" ] && ! runs "$WORK"; then
                wait "$WORK"
                DONE="name=$name status=$?" WORK=
            fi
            [ -n "$DONE" ] && mark phase-end "$DONE late=1"
            ;;
        esac
    done
    exec 3>&-
    # Else the pump would wait for whatever the workload has left running.
    put "${TICK}quit"
    [ -n "$WORK" ] && kill "$WORK" && wait "$WORK"
}
# Before what is said to the pump, behind an output that may lack its last newline.
TICK=$(printf '\001')$NONCE

begin_window() {
    read_tags 0
    if [ "$VERB" = hist ]; then "$GATE_PATH" -c :; else put 1 >"$I/tracing_on" && BEGUN=1; fi
    mark begin
    read_slabs begin && send_slabs begin
    send_tags begin
}

work() {
    mark phase-begin "name=$1"
    before=$!
    trap end_work INT TERM HUP
    # A process group of its own, so that all of it can be ended; it then has no terminal to be interrupted by.
    if has setsid; then alone=setsid; else alone=; fi
    # shellcheck disable=SC2016 # expanded by the shell that is started
    if [ "$SCOPE" = process ]; then
        $alone sh -c 'echo $$ >>"$1/set_event_pid"; exec sh -c "$2"' kmemtap-workload "$I" "$2" </dev/null 2>&1 3>&- 5>&- 6>&- &
    else
        $alone sh -c "$2" </dev/null 2>&1 3>&- 5>&- 6>&- &
    fi
    mark phase-pid "name=$1 pid=$!"
    wait $!
    status=$?
    mark phase-end "name=$1 status=$status"
    put "${TICK}end $1 $status"
    exit $status
}

# The capture ends before the workload does.
end_work() {
    trap '' INT TERM HUP
    IFS=$BLANKS
    exec 3>&-
    if [ "$!" != "$before" ]; then
        tell $! TERM
        # Who ended us may not wait for long either.
        in_time $! $((NAPS / 3))
        tell $! KILL
    fi
    exit 143
}

# The workload's output, as marks; excluded from the trace.
pump_text() {
    W=o SEQ=0
    trap '' INT TERM HUP PIPE
    introduce
    exec 3>"$I/trace_marker"
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        *"$TICK"*)
            say_out "${line%"$TICK"*}"
            [ -n "$rest" ] && mark out "+$rest"
            line=${line##*"$TICK"}
            case $line in
            "end "*) mark output-end "${line#end }" ;;
            quit) break ;;
            esac
            ;;
        *)
            say_out "$line"
            mark out "=$rest"
            ;;
        esac
    done
}
# A mark has room for so many bytes; a letter is not cut in two.
PIECE="??????????"
PIECE=$PIECE$PIECE$PIECE$PIECE$PIECE$PIECE
PIECE=$PIECE$PIECE$PIECE$PIECE$PIECE$PIECE$PIECE$PIECE$PIECE$PIECE
MIDDLE=$(printf '[\200-\277]')

# Says $1 in pieces, all but the last, which is left in rest.
say_out() {
    rest=$1
    while [ ${#rest} -gt 600 ]; do
        piece=$rest
        # shellcheck disable=SC2295 # patterns
        rest=${rest#$PIECE}
        # shellcheck disable=SC2254
        for i in 1 2 3; do case $rest in $MIDDLE*) rest=${rest#?} ;; esac done
        mark out "+${piece%"$rest"}"
    done
}

# ---- hist --------------------------------------------------------------------------------------------------------------

# Allocations per site from one map, frees charged to the allocating site through a map of live pointers, its variables, and
# a synthetic event (Documentation/trace/histogram.rst, 3.2). The sums stand in an instance of their own ($I.s): a
# histogram file shows every map of its event, and reading the maps of pointers costs 6 kmallocs a pointer.
arm_hist() {
    name=kmemtap_$NONCE
    mkdir "$I.s" 2>/dev/null || refuse "code=no-instance path=$I.s"
    put 0 >"$I.s/tracing_on"
    # u64 is refused on 32-bit.
    put "$name unsigned long site; unsigned long alloc; unsigned long req" 2>/dev/null >>"$T/synthetic_events" ||
        hist_refused "$name"
    choose_size
    finding "code=hist-cost rmmod-clears-trace=1 keys=$SIZE"
    trigger "$I.s/events/synthetic/$name" "hist:keys=site.sym-offset:vals=alloc,req:size=4096"
    # An interrupt only borrows the task: TRACE_FLAG_HARDIRQ, TRACE_FLAG_SOFTIRQ.
    OTHERS=
    if [ -n "$HOST" ]; then not_host; fi
    own="(common_flags & 24) || (common_pid != $ME && common_pid != $PUMP && common_pid != $POLLER$OTHERS)"
    n=0 allocs='' all=''
    for e in $EVENTS; do
        [ -d "$I/events/kmem/$e" ] || continue
        all="$all $e"
        case $e in *alloc*) ;; *) continue ;; esac
        n=$((n + 1)) allocs="$allocs $e,$n"
        trigger "$I/events/kmem/$e" "hist:keys=ptr:s$n=call_site,a$n=bytes_alloc,r$n=bytes_req:size=$SIZE:pause if $own"
        trigger "$I.s/events/kmem/$e" "hist:keys=call_site.sym-offset:vals=bytes_alloc,bytes_req:size=4096:pause if $own"
    done
    for e in $all; do
        case $e in *free*) ;; *) continue ;; esac
        for a in $allocs; do
            n=$((n + 1)) k=${a#*,}
            # "-0" makes an expression, which consumes the variable: an object is freed once.
            trigger "$I/events/kmem/$e" "hist:keys=ptr:fs$n=\$s$k-0,fa$n=\$a$k-0,fr$n=\$r$k-0:onmatch(kmem.${a%,*}).$name(\$fs$n,\$fa$n,\$fr$n):size=$SIZE:pause"
        done
    done
    # One event starts all maps, and one stops them: a program started by a path that nobody else uses, and a process that ends.
    for e in $all; do
        trigger "$I/events/sched/sched_process_exec" "enable_hist:kmem:$e if filename == \"$GATE_PATH\""
        trigger "$I/events/sched/sched_process_exit" "disable_hist:kmem:$e if common_pid == $GATE"
        case $e in *alloc*)
            trigger "$I.s/events/sched/sched_process_exec" "enable_hist:kmem:$e if filename == \"$GATE_PATH\""
            trigger "$I.s/events/sched/sched_process_exit" "disable_hist:kmem:$e if common_pid == $GATE"
            ;;
        esac
    done
}

trigger() {
    kill -USR1 "$POLLER" # not silent: busy
    put "$2" >>"$1/trigger" || hist_refused "${1#"$T"/instances/}: $2"
}

hist_refused() {
    restore
    refuse "code=hist-refused what=$1"
}

# Live pointers a map can hold: 214 bytes a key on 64-bit, one map an allocation event and one a pair of events; an eighth of memory.
choose_size() {
    available
    [ "$SIZE" != 0 ] && return
    SIZE=131072
    while [ $SIZE -gt 1024 ] && [ $((SIZE * 6 / 4)) -gt $((AVAILABLE / 8)) ]; do SIZE=$((SIZE / 2)); done
}

main_hist() {
    listen
    sleep 1000000 >/dev/null 4>&- 5>&- 6>&- &
    GATE=$!
    exec 3>&5
    start_poller
    arm_hist
    to_link armed "instance=${I##*/} pid=$TOP main=$ME poller=$POLLER pump=$PUMP size=$SIZE"
    [ "$WAIT" = 0 ] && begin_window
    hear
}

# Reads the sums when it is told to and says what has changed. One process that forks nothing, so that it can be excluded.
pump_hist() {
    trap '' INT TERM HUP PIPE
    interactive=
    case $(awk -W version 2>&1 </dev/null) in mawk*) interactive='-W interactive' ;; esac
    introduce
    # shellcheck disable=SC2086 # two words or none
    exec awk $interactive -v nonce="$NONCE" -v sums="$I.s" -v pointers="$I" -v freed="kmemtap_$NONCE" "$HIST_AWK"
}

# shellcheck disable=SC2016 # awk's variables, not the shell's
HIST_AWK='
BEGIN {
    mark = "\001" nonce
    for (i = 32; i < 127; i++) code[sprintf("%c", i)] = i
}
function out(text) {
    text = nonce " h" (++seq) " " text
    printf "@kmemtap %s ~%d\n", text, length(text)
    fflush()
}
# A figure: no line of it may arrive changed, not even by one bit.
function figure(text,    i, sum) {
    text = nonce " h" (++seq) " " text
    for (i = 1; i <= length(text); i++) sum = (sum * 31 + code[substr(text, i, 1)]) % 65521
    printf "@kmemtap %s ~%d.%d\n", text, length(text), sum
    fflush()
}
function say(text, end) {
    for (; length(text) > 600; text = substr(text, 601)) out("out +" substr(text, 1, 600))
    if (end || text != "") out("out " (end ? "=" : "+") text)
}
function value(line, key) {
    if (!match(line, key ": *[0-9]+")) return 0
    line = substr(line, RSTART, RLENGTH)
    sub(/.*[: ]/, "", line)
    return line
}
function read_sums(map, file, alloc, req,    line, key, name, now, end) {
    while ((getline line < file) > 0) {
        if (line ~ /^\{/) {
            match(line, /\[[0-9a-f]+\]/)
            key = substr(line, RSTART + 1, RLENGTH - 2)
            end = index(line, "}")
            name = substr(line, RSTART + RLENGTH + 1, end - RSTART - RLENGTH - 1)
            sub(/ +$/, "", name)
            if (!(key in ids)) {
                ids[key] = ++sites
                figure("name " sites " " key " " name)
            }
            line = substr(line, end)
            now = value(line, "hitcount") " " value(line, alloc) " " value(line, req)
            if (full || last[map, key] != now) {
                last[map, key] = now
                figure("row " map " " ids[key] " " now)
            }
        } else foot(map, 4096, line)
    }
    close(file)
}
function foot(map, size, line) {
    if (line ~ /Hits:/) hits = value(line, "Hits")
    if (line ~ /Entries:/) entries = value(line, "Entries")
    if (line ~ /Dropped:/) figure("map name=" map " hits=" hits " entries=" entries " size=" size " dropped=" value(line, "Dropped"))
}
function read_pointers(event,    line, file, size) {
    file = pointers "/events/kmem/" event "/hist"
    while ((getline line < file) > 0) {
        if (line ~ /trigger info/) { size = line; sub(/.*:size=/, "", size); size += 0; nth++ }
        else if (line !~ /^\{/) foot(event "." nth, size, line)
    }
    close(file)
}
{
    at = index($0, mark)
    if (!at) {
        say($0, 1)
        next
    }
    say(substr($0, 1, at - 1), 0)
    $0 = substr($0, at + length(mark))
    if ($0 ~ /^tick/) {
        full = $0 ~ /full/
        if (full) for (key in ids) delete ids[key]
        if (full) sites = 0
        read_sums("kmalloc", sums "/events/kmem/kmalloc/hist", "bytes_alloc", "bytes_req")
        read_sums("kmalloc_node", sums "/events/kmem/kmalloc_node/hist", "bytes_alloc", "bytes_req")
        read_sums("kmem_cache_alloc", sums "/events/kmem/kmem_cache_alloc/hist", "bytes_alloc", "bytes_req")
        read_sums("kmem_cache_alloc_node", sums "/events/kmem/kmem_cache_alloc_node/hist", "bytes_alloc", "bytes_req")
        read_sums("freed", sums "/events/synthetic/" freed "/hist", "alloc", "req")
        if ($0 ~ /maps/) {
            nth = 0
            split("kmalloc kmalloc_node kmem_cache_alloc kmem_cache_alloc_node kfree kmem_cache_free", events, " ")
            for (i = 1; i <= 6; i++) read_pointers(events[i])
        }
        figure("tick-done" substr($0, 5))
    } else if ($0 ~ /^end /) out("output-end " substr($0, 5))
    else if ($0 == "quit") exit
}'

case $VERB in
facts) facts ;;
clean)
    exec 5>&1
    need_tracing
    inherit_mount
    each_stale remove_stale
    sweep_probes
    emit clean-done >&5
    unmount
    ;;
text | raw)
    make_instance
    trap : INT TERM HUP
    exec 3>/dev/null
    # exec, since a shell keeps a copy of what a function's redirection hides, and the pipe would never end.
    { exec 4>&1 >&5 && main_text; } | launcher | { exec >&5 && pump_text; }
    ;;
hist)
    make_instance
    if ! has awk; then
        restore
        refuse "code=no-awk"
    fi
    if [ ! -e "$I/events/kmem/kmalloc/hist" ] || [ ! -e "$T/synthetic_events" ]; then
        restore
        refuse "code=no-hist"
    fi
    # By path, since busybox names its own sh without one.
    for GATE_PATH in /bin/sh /usr/bin/sh /system/bin/sh; do [ -x $GATE_PATH ] && break; done
    GATE_PATH=/.$GATE_PATH
    trap : INT TERM HUP
    exec 3>/dev/null
    # exec, since a shell keeps a copy of what a function's redirection hides, and the pipe would never end.
    { exec 4>&1 >&5 && main_hist; } | launcher | { exec >&5 && pump_hist; }
    ;;
*) exit 2 ;;
esac
