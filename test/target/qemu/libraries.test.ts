import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withLibraries } from "../../../src/target/qemu/libraries.ts";

describe("withLibraries", () => {
  it("takes the C library and the dynamic linker along", async () => {
    const files = await withLibraries("/bin/sh");
    expect(files["/bin/sh"]).toBe("/bin/sh");
    expect(Object.keys(files).some((file) => file.includes("/libc.so"))).toBe(true);
    expect(Object.keys(files).some((file) => file.includes("/ld-linux"))).toBe(true);
    expect(Object.values(files).every((file) => existsSync(file))).toBe(true);
  });

  it.skipIf(!existsSync("/bin/busybox"))("takes a static program alone", async () => {
    expect(await withLibraries("/bin/busybox")).toEqual({ "/bin/busybox": "/bin/busybox" });
  });

  it("says which program is not there", async () => {
    await expect(withLibraries("/no/such")).rejects.toMatchObject({
      code: "target/failed",
      message: expect.stringContaining("/no/such") as string,
    });
  });
});
