#!/bin/bash
# What is done to the unit in the guest of systemd.test.ts; each finding is a line `@step what=…`.
exec > /dev/ttyS0 2>&1
say() { echo "@$1 $(systemctl show kmemtap -p ActiveState,Result,NRestarts | tr '\n' ' ')$2"; }
watchdog() { systemctl show -p WatchdogTimestampMonotonic --value kmemtap; }
configure() {
  printf 'targets: { here: "%s" }\nserve: 127.0.0.1:8411\ndaemon: { directory: /var/lib/kmemtap/snapshots, everyMs: %s, formats: [json] }\n' \
    "$1" "$2" > /etc/kmemtap.yaml
}
instances() {
  set -- /sys/kernel/tracing/instances/*
  if [ -e "$1" ]; then echo $#; else echo 0; fi
}
# The last snapshot, in a line.
last() {
  # shellcheck disable=SC2016
  node -e '
    const { readdirSync, readFileSync } = require("fs");
    const dir = "/var/lib/kmemtap/snapshots/here/";
    const { exact, mode, totals } = JSON.parse(readFileSync(dir + readdirSync(dir).filter((n) => n.endsWith("json")).sort().at(-1)));
    console.log(`exact=${exact} mode=${mode} allocs=${totals.allocs}`)'
}
mkdir -p /etc/systemd/system/kmemtap.service.d
# Told three times in so long.
printf '[Service]\nWatchdogSec=12\n' > /etc/systemd/system/kmemtap.service.d/soon.conf
systemctl daemon-reload

configure 'replay:///opt/trace.txt?speed=0.01' 600000
systemctl start kmemtap
pid=$(systemctl show -p MainPID --value kmemtap)
say start "$(grep ^CapEff "/proc/$pid/status" | tr '\t' ' ')"
before=$(watchdog)
sleep 12
[ "$(watchdog)" -gt "$before" ] && say fed
configure 'replay:///opt/trace.txt?speed=0.01' 500000
systemctl reload kmemtap
rc=$?
# systemctl waits for the signal alone; the daemon says when it has read.
for _ in $(seq 20); do
  [ "$(systemctl show -p ActiveState --value kmemtap)" = active ] && break
  sleep 1
done
say reload "status=$rc"
systemctl stop kmemtap
say stop "status=$? $(last)"

rm -rf /var/lib/kmemtap /var/lib/private/kmemtap
cp /opt/local.conf /etc/systemd/system/kmemtap.service.d
systemctl daemon-reload
configure local: 600000
systemctl start kmemtap
for _ in $(seq 40); do
  journalctl -u kmemtap --no-pager -o cat | grep -q 'armed: recording' && break
  sleep 2
done
ls -lR /usr > /dev/null
say local "instances=$(instances)"
kill -STOP "$(systemctl show -p MainPID --value kmemtap)"
for _ in $(seq 30); do
  sleep 2
  [ "$(systemctl show -p NRestarts --value kmemtap)" != 0 ] && break
done
for _ in $(seq 40); do
  [ "$(journalctl -u kmemtap --no-pager -o cat | grep -c 'armed: recording')" -gt 1 ] && break
  sleep 2
done
ls -lR /usr > /dev/null
say restarted "instances=$(instances)"
systemctl stop kmemtap
say end "$(last) instances=$(instances)"
journalctl -u kmemtap --no-pager -o cat
systemctl poweroff -ff
