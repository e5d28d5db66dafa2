#!/bin/busybox sh
# shellcheck shell=dash
# /init of a guest with shells: mounts what a system has, and puts a user at the end of each line.
#
# On the kernel's command line:
#   kmemtap.console=ttyS1           where reports go: "@kmemtap milestone=…"
#   kmemtap.shells=ttyS0,hvc0,…     devices below /dev with a root shell
#   kmemtap.logins=ttyS2,…          devices with a login prompt
#   kmemtap.ssh=1                   brings the network up and starts dropbear
#
# Runs under busybox ash. /bin/sh is busybox unless the initramfs brings another.

export PATH=/sbin:/bin:/usr/sbin:/usr/bin

/bin/busybox mkdir -p /dev /etc /mnt /proc /root /run /sys /tmp /usr /var/log
# The kernel loads modules by /sbin/modprobe. A program that was brought along comes before busybox's.
[ -e /sbin ] || /bin/busybox ln -s bin /sbin
/bin/busybox --install -s /bin 2>/dev/null
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /dev/virtio-ports
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug

option() {
    read -r words </proc/cmdline
    for word in $words; do
        case $word in "kmemtap.$1="*) value=${word#*=} && return 0 ;; esac
    done
    value=
    return 1
}

option console
console=/dev/$value
exec </dev/null >"$console" 2>&1
report() { echo "@kmemtap $*" >"$console"; }

hostname kmemtap-guest
chmod 600 /etc/shadow
chmod 700 /root
cd /root || exit
export HOME=/root
# Which of them are modules differs by kernel.
for module in virtio_pci virtio_console virtio_net virtio_rng configfs; do modprobe -q $module; done 2>/dev/null
mount -t configfs configfs /sys/kernel/config 2>/dev/null

# Ports are found by the names that QEMU gave them; their devices come a moment after the bus.
name_ports() {
    for name in /sys/class/virtio-ports/*/name; do
        [ -s "$name" ] || continue
        port=${name%/name}
        read -r name <"$name"
        ln -sf "/dev/${port##*/}" "/dev/virtio-ports/$name"
    done
}

wait_for() {
    tries=100
    until [ -c "/dev/$1" ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { report "missing=$1"; return 1; }
        usleep 50000
        name_ports
    done
}

# A shell that ends is replaced, as getty does. A port is no terminal, and reads as ended while nobody is at its other side.
shell_on() {
    wait_for "$1" || return
    case $1 in
    # It can be opened once.
    virtio-ports/*) while :; do
        "$shell" <>"/dev/$1" >&0 2>&1
        sleep 1
    done ;;
    *) while :; do
        TERM=vt102 setsid -c "$shell" -i <"/dev/$1" >"/dev/$1" 2>&1
        usleep 100000
    done ;;
    esac
}

login_on() {
    wait_for "$1" || return
    # A baud rate of 0 leaves the line as it is.
    while :; do getty -L 0 "$1" vt102; done
}

name_ports
IFS=: read -r _ _ _ _ _ _ shell </etc/passwd
lines=
if option shells; then for device in $(echo "$value" | tr , ' '); do lines="$lines shell_on $device |"; done; fi
if option logins; then for device in $(echo "$value" | tr , ' '); do lines="$lines login_on $device |"; done; fi

services() {
    if option ssh; then
        ip link set lo up
        tries=100
        until [ -e /sys/class/net/eth0 ] || [ $tries -eq 0 ]; do
            tries=$((tries - 1))
            usleep 50000
        done
        ip addr add 10.0.2.15/24 dev eth0
        ip link set eth0 up
        mkdir -p /etc/dropbear /var/run
        dropbear -E -r /etc/dropbear/host_key
    fi
    report "milestone=up"
}

# A pipe, though nothing flows: what a shell starts with & ignores Ctrl-C for good, and so would all that runs on the lines.
eval "$lines services"
# The first process takes in the orphans of the others.
while :; do
    wait
    sleep 1
done
