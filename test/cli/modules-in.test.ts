/** Modules that a workload's commands name. */
import { expect, it } from "vitest";
import { modulesIn } from "../../src/cli/modules-in.ts";

it.each([
  ["modprobe vfat", "vfat"],
  ["modprobe -r vfat fat", "vfat fat"],
  ["rmmod vfat fat && echo done", "vfat fat"],
  ["insmod ./out/my-driver.ko size=4 debug=1", "my_driver"],
  ["insmod /lib/modules/6.1/kernel/fs/fat/vfat.ko.xz; rmmod vfat", "vfat"],
  ["mount x /mnt; modprobe nls_cp437\nmodprobe nls-ascii", "nls_cp437 nls_ascii"],
  ["sh -c 'modprobe vfat'", "vfat"],
  ['modprobe "vfat" >/dev/null 2>&1', "vfat"],
  ["(modprobe vfat)", "vfat"],
  ["modprobe vfat 2>/dev/null", "vfat"],
  ["modprobe 9p", "9p"],
  ["echo modprobes", ""],
  ["true", ""],
  ["lsmod | grep rmmod", ""],
  ["modprobe $M", ""],
])("%s: %s", (command, modules) => {
  expect(modulesIn([{ name: "x", command }])).toBe(modules);
});

it("of all phases, each once", () => {
  const phases = ["modprobe a-b", "modprobe c", "rmmod a_b c"].map((command, i) => ({ name: `p${i}`, command }));
  expect(modulesIn(phases)).toBe("a_b c");
});
