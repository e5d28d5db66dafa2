#!/bin/bash
# An initramfs in which this machine's own systemd is the first process, with Node, a built kmemtap and its unit: for systemd.test.ts.
#
#   systemd-guest.sh DIR ROOT TRACE    writes DIR/guest.cpio; ROOT is kmemtap's tree, TRACE what the unit plays first
set -eu
dir=$1 root=$2 trace=$3
tree=$dir/rd/tree
mkdir -p "$tree"/usr/{bin,sbin,lib,lib64} "$tree"/{proc,sys,dev,run,tmp,root,opt/kmemtap}
for name in bin sbin lib lib64; do ln -s "usr/$name" "$tree/$name"; done

# What systemd needs, with all it depends on, as the package manager has it.
packages=$(apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
  --no-enhances systemd dbus bash dash coreutils util-linux mount kmod procps sed grep login libstdc++6 base-files base-passwd | grep '^[a-z]' | sort -u)
for package in $packages; do dpkg -L "$package" 2>/dev/null || :; done |
  grep -v '^/usr/share/\(doc\|man\|locale\|info\|i18n\)' | sort -u |
  while read -r file; do
    # Directories of old come by their new name, and links to them not at all.
    case $file in /bin | /sbin | /lib | /lib64 | /.) continue ;; esac
    [ -e "$file" ] && printf '%s\n' "$file"
  done | sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\1/#; s#^/##' | sort -u > "$dir/files"
tar -C / --no-recursion -cf - -T "$dir/files" | tar -C "$tree" -xf -
ldconfig -r "$tree"

cp "$(command -v node)" "$tree/usr/bin/node"
cp -r "$root"/{package.json,dist,agent,config} "$tree/opt/kmemtap"
ln -s /opt/kmemtap/dist/main.js "$tree/usr/bin/kmemtap"
(cd "$root" && npm ls --omit=dev --all --parseable | sed -n "s#^$root/##p" | grep '^node_modules/' | sort -u) > "$dir/modules"
tar -C "$root" -cf - -T "$dir/modules" | tar -C "$tree/opt/kmemtap" -xf -
cp "$trace" "$tree/opt/trace.txt"

etc=$tree/etc
mkdir -p "$etc/systemd/system/multi-user.target.wants"
cp /etc/passwd /etc/group /etc/nsswitch.conf "$etc"
: > "$etc/fstab"
echo 0123456789abcdef0123456789abcdef > "$etc/machine-id"
ln -sf /lib/systemd/system/multi-user.target "$etc/systemd/system/default.target"
for unit in getty@tty1 serial-getty@ttyS0 systemd-logind; do ln -sf /dev/null "$etc/systemd/system/$unit.service"; done
cp "$root/contrib/systemd/kmemtap.service" "$etc/systemd/system"
# The block for local: as the documentation has it.
# shellcheck disable=SC2016
sed -n '/^```ini/,/^```$/p' "$root/docs/daemon.md" | grep -v '```' > "$tree/opt/local.conf"
cp "$root/test/e2e/support/systemd-in-guest.sh" "$tree/opt/steps.sh"
cat > "$etc/systemd/system/steps.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
ExecStart=/bin/bash /opt/steps.sh
UNIT
ln -s ../steps.service "$etc/systemd/system/multi-user.target.wants/steps.service"

cp /bin/busybox "$dir/rd/busybox"
# A sandbox needs a root that can be left, which an initramfs is not.
cat > "$dir/rd/init" <<'INIT'
#!/busybox sh
/busybox mkdir -p /proc /new
/busybox mount -t proc none /proc
/busybox mount -t tmpfs -o size=80%,mode=755 none /new
/busybox cp -a /tree/. /new/
/busybox umount /proc
exec /busybox switch_root /new /lib/systemd/systemd
INIT
chmod +x "$dir/rd/init"
(cd "$dir/rd" && find . | busybox cpio -o -H newc > "$dir/guest.cpio" 2>/dev/null)
