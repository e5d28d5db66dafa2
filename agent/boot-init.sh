#!/bin/busybox sh
# shellcheck shell=dash
# /init of a boot capture: forwards the trace that the kernel command line armed, from the first moment user space has.
#
#   ttyS0  the trace: trace_pipe as it comes, nothing else
#   ttyS1  the console: the kernel's log, and reports to kmemtap, a line each: "@kmemtap key=value …"
#   ttyS2  the guest's own copy of the trace, with kmemtap.copy on the kernel command line
#
# With kmemtap.nonce=WORD the phases of its workload are marks in the trace, as the agent writes them (kmemtap-agent.sh).
#
# That is the demo's guest, which then runs a workload of its own. `kmemtap bootargs --initramfs` makes others of it:
#
#   kmemtap.port=ttyS1      on the kernel command line: the trace goes there, and there is no workload
#   kmemtap.console=ttyS0   with it: a shell there
#   rdinit=/kmemtap/init    where this is not /init but stands beside a system's own, all that it needs below /kmemtap:
#                           it starts forwarding, and hands over to that /init with nothing but its own folder changed
#
# Runs under busybox ash with nothing else in the initramfs but modules. What forwards the trace is excluded from it
# (set_event_notrace_pid, event-fork), or it would feed on its own allocations.

HERE=${0%/init}
BUSYBOX=$HERE/bin/busybox
PATH=$HERE/bin
TRACING=$HERE/sys/kernel/tracing

"$BUSYBOX" mkdir -p "$HERE/bin" "$HERE/dev" "$HERE/proc" "$HERE/sys"
"$BUSYBOX" mount -t devtmpfs devtmpfs "$HERE/dev"
"$BUSYBOX" mount -t sysfs sysfs "$HERE/sys"
"$BUSYBOX" mount -t tracefs tracefs "$TRACING"
"$BUSYBOX" mount -t proc proc "$HERE/proc"

read -r cmdline <"$HERE/proc/cmdline"
wants() {
    case " $cmdline " in *" kmemtap.$1 "*) return 0 ;; esac
    return 1
}
option() {
    value=
    for word in $cmdline; do
        case $word in "kmemtap.$1="*) value=${word#*=} ;; esac
    done
}
option port
port=$value
option console
console=$value
option nonce
nonce=$value

report() { echo "@kmemtap $*"; }
milestone() { report "milestone=$*"; }

# 50 % would hold the reader back until half a buffer is full.
echo 0 >"$TRACING/buffer_percent"
echo 1 >"$TRACING/options/event-fork"

# The port may be a module's that is loaded later. dd, not cat: busybox cat uses sendfile, which loops on itself on 5.10.
# shellcheck disable=SC2016 # expanded by the inner shell, whose own pid is to be excluded
FORWARD='echo $$ >>/sys/kernel/tracing/set_event_notrace_pid
    until [ -c "$0" ]; do /bin/busybox usleep 50000; done
    /bin/busybox stty -F "$0" raw -echo
    exec /bin/busybox dd if=/sys/kernel/tracing/trace_pipe of="$0" bs=4096'
# Inside its own folder there is the /dev/null that ash opens for what it starts in the background.
forward() {
    # shellcheck disable=SC2016
    "$BUSYBOX" chroot "${HERE:-/}" /bin/busybox sh -c '/bin/busybox sh -c "$0" "$1" </dev/null >/dev/null 2>&1 &' \
        "$FORWARD" "/dev/$1"
}

if [ -n "$HERE" ]; then
    forward "${port:-ttyS0}"
    exec /init "$@"
fi

"$BUSYBOX" mkdir -p /tmp /mnt /root
# The kernel loads modules by /sbin/modprobe.
"$BUSYBOX" ln -s bin /sbin

if [ -n "$port" ]; then
    forward "$port"
    "$BUSYBOX" --install -s /bin
    mount -t tmpfs tmpfs /tmp
    ip link set lo up
    # Where ports are modules; others are there already, or the kernel asks for them.
    for module in virtio_pci virtio_console; do modprobe -q $module; done 2>/dev/null
    [ -n "$console" ] || while :; do sleep 60; done
    milestone "up" >"/dev/$console"
    while :; do
        TERM=vt102 setsid -c sh -i <"/dev/$console" >"/dev/$console" 2>&1
        sleep 1
    done
fi

exec </dev/ttyS1 >/dev/ttyS1 2>&1
/bin/busybox stty -F /dev/ttyS0 raw -echo
/bin/busybox stty -F /dev/ttyS2 raw -echo 2>/dev/null

if wants copy; then
    /bin/busybox sh -c 'echo $$ >>/sys/kernel/tracing/set_event_notrace_pid
        /bin/busybox dd if=/sys/kernel/tracing/trace_pipe bs=4096 2>/dev/null | /bin/busybox tee /copy >/dev/ttyS0' &
    reader=$!
else
    forward ttyS0
fi

# Events waiting and overwritten, all CPUs, and the trace clock: read with the shell alone, so that it forks nothing.
sum_stats() {
    entries=0 overrun=0 now=0
    for stats in "$TRACING"/per_cpu/cpu*/stats; do
        while read -r key value rest; do
            # A signal, such as a child's end, can cut a read short, and what is no number ends this shell.
            case $value in '' | *[!0-9]*) [ "$key" = now ] || continue ;; esac
            case $key in
            entries:) entries=$((entries + value)) ;;
            overrun:) overrun=$((overrun + value)) ;;
            now) now=$rest ;;
            esac
        done <"$stats"
    done
}

# Traced like anything else, since RCU frees its files in other contexts: what is excluded would leave frees without
# allocations. It forks nothing, and waits by reading a console on which nobody types.
report_stats() {
    while :; do
        sum_stats
        report "now=$now waiting=$entries overrun=$overrun"
        # shellcheck disable=SC3045 # busybox ash has read -t
        read -r -t 1 _
    done
}
report_stats </dev/ttyS1 &
reporter=$!

milestone "user space started"
/bin/busybox --install -s /bin
mdev -s
hostname kmemtap-guest
ip link set lo up
milestone "devices and network up"

mount -t tmpfs tmpfs /tmp
modprobe loop
dd if=/dev/zero of=/tmp/root bs=1M count=16 2>/dev/null
mke2fs -F /tmp/root >/dev/null
mount -t ext2 -o loop /tmp/root /root
cp /bin/busybox /root
sync
milestone "root file system mounted"

dd if=/dev/zero of=/tmp/disk bs=1M count=8 2>/dev/null
mkdosfs /tmp/disk >/dev/null
syslogd -C64
klogd
modprobe dummy numdummies=0
milestone "boot finished"

# One round of a driver developer's day, a phase each. What it leaves behind is what one looks for.
load() {
    modprobe vfat
}

write() {
    mount -t vfat -o loop /tmp/disk /mnt
    mkdir /mnt/dir
    i=0
    while [ $i -lt 20 ]; do
        echo "file $i" >/mnt/dir/file$i
        i=$((i + 1))
    done
    sync
    rm -r /mnt/dir
    umount /mnt
}

# Of every round one network device stays that nobody removes: a leak as of a driver whose error path forgets one.
device() {
    ip link add type dummy
}

unload() {
    # The trace names a module's functions as it is read, and only while the module is loaded.
    until_read 200
    rmmod vfat fat
}

# In order and untorn, where the events are that it is about.
[ -n "$nonce" ] && exec 3>"$TRACING/trace_marker"
marks=0
mark() {
    [ -n "$nonce" ] || return
    marks=$((marks + 1))
    line="$nonce g$marks $*"
    echo "@kmemtap $line ~${#line}" >&3
}

# $1: which round, $2: what to do, $3: that in words
phase() {
    mark "phase-begin name=$1.$2 $3"
    "$2"
    mark "phase-end name=$1.$2 status=$?"
}

round() {
    phase "$1" load "modprobe vfat"
    phase "$1" write "mount, write 20 files, remove them, umount"
    phase "$1" device "ip link add type dummy"
    phase "$1" unload "rmmod vfat fat"
}

# Waits until no more events than that wait to be read. Those of the waiting itself are always there.
until_read() {
    while :; do
        sum_stats
        [ "$entries" -lt "$1" ] && return
        sleep 1
    done
}

if wants copy; then
    round 1
    echo 0 >"$TRACING/tracing_on"
    # The reader ends when tracing is off and the buffer is empty; where it waits instead, an empty buffer ends it.
    while [ -d "/proc/$reader" ]; do
        sum_stats
        [ "$entries" -eq 0 ] && sleep 2 && kill "$reader" 2>/dev/null
        sleep 1
    done
    kill $reporter
    sum_stats
    report "now=$now waiting=$entries overrun=$overrun"
    report "copy_bytes=$(stat -c %s /copy)"
    dd if=/copy of=/dev/ttyS2 bs=4096 2>/dev/null
    milestone "copy sent"
    # Without ACPI there is no power switch; QEMU ends at a reset (-no-reboot).
    reboot -f
fi

# The kernel's backlog goes first: whoever watches waits for the boot, not for the workload.
until_read 2000
# Bounded, since the backing file on the host keeps every byte.
n=1
while [ $n -le 100 ]; do
    milestone "workload round $n: modprobe vfat, mount, write, umount, a device, rmmod"
    round $n
    sleep 4
    n=$((n + 1))
done
milestone "workload over; the guest idles"
while :; do sleep 60; done
