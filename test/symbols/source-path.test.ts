/** Paths from the kernel tree's root, and which frame is charged. */
import { describe, expect, it } from "vitest";
import { chargedFrame } from "../../src/symbols/charge.ts";
import { fromRoot, rootOf } from "../../src/symbols/source-path.ts";

describe("a path of debug information", () => {
  it.each([
    ["/build/linux-6.1.190/init/main.c", "/build/linux-6.1.190/fs/inode.c", "fs/inode.c"],
    ["/build/linux-6.1.190/./init/main.c", "/build/linux-6.1.190/./include/linux/slab.h", "include/linux/slab.h"],
    ["init/main.c", "./fs/inode.c", "fs/inode.c"],
    ["./init/main.c", "arch/x86/kernel/../lib/usercopy.c", "arch/x86/lib/usercopy.c"],
    ["../../init/main.c", "../../fs/inode.c", "fs/inode.c"],
    ["debian/build/build_amd64/init/main.c", "debian/build/build_amd64/mm/slub.c", "mm/slub.c"],
    ["/build/linux/init/main.c", "/home/me/module/driver.c", "/home/me/module/driver.c"],
    [
      "/src/linux/init/main.c",
      "/src/linux-out/drivers/tty/vt/defkeymap.c",
      "/src/linux-out/drivers/tty/vt/defkeymap.c",
    ],
  ])("below %s: %s is %s", (main, file, path) => {
    expect(fromRoot(file, rootOf(main))).toBe(path);
  });
});

describe("charged is", () => {
  const frame = (file: string | null) => ({ function: "f", file, line: 1 });
  it.each([
    [["include/linux/slab.h", "fs/inode.c"], "fs/inode.c"],
    [["fs/inode.c"], "fs/inode.c"],
    [["include/linux/slab.h", "kernel/sched/rt.c", "kernel/sched/build_policy.c"], "kernel/sched/rt.c"],
    [["include/linux/slab.h", "include/trace/define.h"], "include/trace/define.h"],
    [["arch/x86/entry/entry_64.S"], "arch/x86/entry/entry_64.S"],
    [[null, "fs/inode.c"], "fs/inode.c"],
    [[null], undefined],
    [[], undefined],
  ])("of %j: %s", (files, charged) => {
    expect(chargedFrame(files.map(frame))?.file).toBe(charged);
  });
});
