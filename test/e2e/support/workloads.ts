/** Commands for `kmemtap run --repeat`, with what they do to the kernel's memory: found by an independent count in guests. */

export interface Workload {
  readonly name: string;
  /** One round, POSIX sh. */
  readonly command: string;
  /** Before the first round, outside of what is measured. */
  readonly prepare?: string;
  /** Puts the guest back. */
  readonly undo: string;
  /** Functions whose objects pile up, so many of them each round. */
  readonly leaks: Readonly<Record<string, number>>;
  /** Functions whose objects stay from the first round, at least so many, and are not added to afterwards. */
  readonly caches: Readonly<Record<string, number>>;
}

const FILES = 100;

/** New files in a tmpfs that stays: an inode and a directory entry each, for ever. */
export const LEAKS_FILES: Workload = {
  name: "files in a tmpfs",
  prepare: "mkdir -p /tmp/leak",
  // The shell alone, but for counting: what forks would add noise.
  command: `n=$(ls /tmp/leak | wc -l); i=0; while [ $i -lt ${FILES} ]; do : >/tmp/leak/$((n + i)); i=$((i + 1)); done`,
  undo: "rm -r /tmp/leak",
  leaks: { shmem_alloc_inode: FILES, __d_alloc: FILES },
  caches: {},
};

/** A network device that nobody removes. The first round may load the driver. */
export const LEAKS_DEVICES: Workload = {
  name: "network devices",
  prepare: "modprobe dummy numdummies=0",
  command: "ip link add type dummy",
  undo: "rmmod dummy",
  leaks: { alloc_netdev_mqs: 1, ipv6_add_dev: 2 },
  caches: {},
};

/** Looks at some 600 files of sysfs: the kernel keeps their inodes and names, and finds them there the next time. */
export const CACHES_FILES: Workload = {
  name: "a look at sysfs",
  command: "ls -lR /sys/module >/dev/null",
  undo: "sync; echo 2 >/proc/sys/vm/drop_caches",
  leaks: {},
  caches: { alloc_inode: 300, __d_alloc: 300 },
};

/** Loads what is loaded already from the second round on. */
export const LOADS_ONCE: Workload = {
  name: "a module that stays",
  command: "modprobe vfat",
  undo: "rmmod vfat fat",
  leaks: {},
  caches: { __kernfs_new_node: 20 },
};

/** A driver developer's day, a command a phase; leaves nothing but what the kernel keeps for itself. */
export const VFAT_PHASES = {
  load: "modprobe vfat",
  mount: "mount -t vfat -o loop /tmp/disk /mnt",
  write: "mkdir /mnt/dir; for i in 0 1 2 3 4 5 6 7 8 9; do echo $i >/mnt/dir/$i; done; sync",
  umount: "umount /mnt",
  unload: "rmmod vfat fat",
} as const;
/** Makes the disk of {@link VFAT_PHASES}. */
export const VFAT_PREPARE = "modprobe loop; dd if=/dev/zero of=/tmp/disk bs=1M count=8 2>/dev/null; mkdosfs /tmp/disk";

/**
 * Tens of thousands of events a second, for `seconds`: a fork makes some 600. Stops by itself.
 *
 * The shell's clock is /proc/uptime, since a guest may lack `timeout` and `date +%s`.
 */
export function busyFor(seconds: number): string {
  return (
    "read -r start _ </proc/uptime; now=$start; " +
    `while [ $((\${now%.*} - \${start%.*})) -lt ${seconds} ]; do for i in 1 2 3 4 5 6 7 8; do (: | :); done; ` +
    "read -r now _ </proc/uptime; done"
  );
}

/**
 * As many events as a processor can make, on both, for `seconds`: a look for a name that a tmpfs does not have makes four, and
 * hardly anything else. Stops by itself.
 */
export function looksFor(seconds: number): string {
  const loop =
    "read -r start _ </proc/uptime; now=$start; " +
    `while [ $((\${now%.*} - \${start%.*})) -lt ${seconds} ]; do rm -f $names; read -r now _ </proc/uptime; done`;
  return `cd /tmp && names=$(seq 1000001 1003000); (${loop}) & (${loop}) & wait`;
}
