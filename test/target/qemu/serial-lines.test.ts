import { describe, expect, it } from "vitest";
import {
  consoleDevice,
  devicesThatRun,
  guestSerial,
  layOut,
  serialArguments,
  type SerialSpec,
} from "../../../src/target/qemu/serial-lines.ts";

const SPECS: readonly SerialSpec[] = [
  { kind: "unix", path: "/tmp/a,b.sock" },
  { kind: "file", device: "port", name: "truth" },
  { kind: "pty", runs: "login" },
  { kind: "tcp", device: "port", runs: "nothing" },
];

describe("the lines of a guest", () => {
  const lines = layOut(SPECS, "/tmp/guest");

  it("numbers UARTs and names ports, each kind by itself", () => {
    expect(lines.map(({ device }) => device)).toEqual(["ttyS0", "virtio-ports/truth", "ttyS1", "virtio-ports/line3"]);
    expect(consoleDevice(lines)).toBe("ttyS2");
    expect(layOut([{ kind: "pty" }], "", "ttyAMA")[0].device).toBe("ttyAMA0");
    expect(consoleDevice([], "ttyAMA")).toBe("ttyAMA0");
  });

  it("puts a shell where nothing else is said, but on a file", () => {
    expect(devicesThatRun("shell", lines)).toEqual(["ttyS0"]);
    expect(devicesThatRun("login", lines)).toEqual(["ttyS1"]);
  });

  it("tells QEMU of each, and of the console behind the UARTs", () => {
    const text = serialArguments(lines, "/tmp/guest/console.log").join(" ");
    expect(text).toContain("socket,id=line0,path=/tmp/a,,b.sock,server=on,wait=off");
    expect(text).toContain("file,id=line1,path=/tmp/guest/truth.file");
    expect(text).toContain("host=127.0.0.1,port=0");
    expect(text).toContain("-serial chardev:line0 -serial chardev:line2 -serial file:/tmp/guest/console.log");
    expect(text).toContain("-device virtio-serial-pci -device virtserialport,chardev=line1,name=truth");
    expect(serialArguments(layOut([{ kind: "pty" }], ""), "").join(" ")).not.toContain("virtio");
  });

  it("says what to open on this machine", () => {
    const [unix, file, pty, tcp] = lines;
    expect(guestSerial(unix, "disconnected:unix:/tmp/a,b.sock,server=on").target).toBe("unix:///tmp/a,b.sock");
    expect(guestSerial(file, "file").target).toBe("file:///tmp/guest/truth.file");
    expect(guestSerial(pty, "pty:/dev/pts/3")).toMatchObject({ path: "/dev/pts/3", target: "pty:///dev/pts/3" });
    expect(guestSerial(tcp, "disconnected:tcp:127.0.0.1:41231,server=on")).toMatchObject({
      port: 41231,
      target: "tcp://127.0.0.1:41231",
      guestDevice: "/dev/virtio-ports/line3",
    });
  });
});
