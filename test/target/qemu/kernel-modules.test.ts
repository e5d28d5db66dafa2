import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { allNeeds, findModules } from "../../../src/target/qemu/kernel-modules.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** The bytes of an object file in which modinfo would find this. */
const object = (needs: string, ...aliases: string[]) =>
  Buffer.from(`\x7fELF\0license=GPL\0${aliases.map((alias) => `alias=${alias}\0`).join("")}depends=${needs}\0name=x\0`);

function kernelWith(files: Readonly<Record<string, Buffer>>) {
  const modulesDir = tempDir();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(modulesDir, name)), { recursive: true });
    writeFileSync(join(modulesDir, name), content);
  }
  return { release: "6.1.0-test", vmlinuz: "", modulesDir };
}

describe("findModules", () => {
  it("finds what a module needs, needs first, each once", async () => {
    const kernel = kernelWith({
      "kernel/net/virtio_net.ko": object("virtio,net_failover,virtio_ring"),
      "kernel/net/net_failover.ko": object("failover"),
      "kernel/net/failover.ko": object(""),
      "kernel/virtio/virtio.ko": object("virtio_ring"),
      "kernel/virtio/virtio_ring.ko": object(""),
      "kernel/other.ko": object(""),
    });
    const modules = await findModules(kernel, ["virtio_net", "virtio"]);
    expect(modules.map(({ name }) => name)).toEqual([
      "virtio_ring",
      "virtio",
      "failover",
      "net_failover",
      "virtio_net",
    ]);
    const net = modules.at(-1);
    if (net === undefined) throw new Error("no virtio_net");
    expect(allNeeds(net, modules).map(({ file }) => file)).toEqual([
      "net_failover.ko",
      "failover.ko",
      "virtio.ko",
      "virtio_ring.ko",
    ]);
  });

  it("takes dashes for underscores, reads aliases, and passes over what is built in", async () => {
    const kernel = kernelWith({
      "virtio-rng.ko": object("", "virtio:d00000004v*", "rng"),
      "modules.builtin": object(""),
    });
    const modules = await findModules(kernel, ["ext4", "virtio_rng"]);
    expect(modules).toMatchObject([
      { name: "virtio_rng", file: "virtio-rng.ko", aliases: ["virtio:d00000004v*", "rng"], needs: [] },
    ]);
  });

  it.skipIf(!existsSync("/bin/busybox"))("unpacks what is compressed", async () => {
    const packed = spawnSync("gzip", ["-c"], { input: object("fat") }).stdout;
    const kernel = kernelWith({ "vfat.ko.gz": packed, "fat.ko": object("") });
    const modules = await findModules(kernel, ["vfat"]);
    expect(modules.map(({ file }) => file)).toEqual(["fat.ko", "vfat.ko"]);
    expect(modules[1].object.equals(object("fat"))).toBe(true);
  });

  it("says which file cannot be unpacked", async () => {
    const kernel = kernelWith({ "vfat.ko.gz": Buffer.from("not gzip") });
    await expect(findModules(kernel, ["vfat"])).rejects.toMatchObject({
      code: "target/failed",
      message: expect.stringContaining("vfat.ko.gz") as string,
    });
  });
});
