import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished, describe, expect, it } from "vitest";
import { tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/until.ts";
import { type Endpoint, throttle, type Throttle } from "./throttle.ts";

describe.each(["unix", "tcp"] as const)("a throttled %s socket", (kind) => {
  it("passes every byte both ways, and not faster than its rate", async () => {
    const { line, client, device } = await throttled(kind, 20_000);
    const [there, back] = [collected(device), collected(client)];
    const data = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7) & 255));
    const start = performance.now();
    client.write(data);
    device.write(data);
    await until("all bytes", () => there().length === data.length && back().length === data.length);
    // A lower bound holds on any machine, however loaded: half a second's bytes, but for one burst.
    expect(performance.now() - start).toBeGreaterThan(400);
    expect(there().equals(data) && back().equals(data)).toBe(true);
    expect(line.counts).toEqual({ received: data.length, sent: data.length });
  });

  it("holds up the side that is faster", async () => {
    const { line, device } = await throttled(kind, 1000);
    let took = 0;
    const fill = () => {
      while (device.write(Buffer.alloc(65536))) took += 65536;
    };
    fill();
    device.on("drain", fill);
    await until("some bytes", () => line.counts.received > 200);
    expect(device.writableNeedDrain).toBe(true);
    // What the kernel's buffers hold, not what the test would like to send.
    expect(took).toBeLessThan(8e6);
  });

  it("is cut, and carries again afterwards", async () => {
    const { line, client, device, reconnect } = await throttled(kind, 1e6);
    const ended = Promise.all([once(client, "close"), once(device, "close")]);
    await line.cut();
    await ended;
    await expect(reconnect()).rejects.toThrow(/ENOENT|ECONNREFUSED/);
    await line.resume();
    const again = await reconnect();
    const there = collected(again.device);
    again.client.write("hello");
    await until("what was sent", () => there().toString() === "hello");
  });

  it("stalls without a word, and loses nothing", async () => {
    const { line, client, device } = await throttled(kind, 1e6);
    const there = collected(device);
    line.stall();
    client.write("late");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(there()).toHaveLength(0);
    await line.resume();
    await until("what was sent", () => there().toString() === "late");
  });
});

it("leaves no socket behind", async () => {
  const path = join(tempDir(), "line");
  const line = await throttle({ path }, { port: 1 }, 1000);
  expect(existsSync(path)).toBe(true);
  await line.close();
  expect(existsSync(path)).toBe(false);
});

interface Joined {
  readonly client: Socket;
  readonly device: Socket;
}

async function throttled(
  kind: "unix" | "tcp",
  bytesPerSecond: number,
): Promise<Joined & { readonly line: Throttle; readonly reconnect: () => Promise<Joined> }> {
  const dir = tempDir();
  const devices: Socket[] = [];
  const server = createServer((socket) => devices.push(socket.on("error", () => undefined)));
  server.listen(kind === "unix" ? { path: join(dir, "device") } : { port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  const target: Endpoint =
    typeof address === "object" && address !== null ? { port: address.port } : { path: join(dir, "device") };
  const line = await throttle(kind === "unix" ? { path: join(dir, "line") } : { port: 0 }, target, bytesPerSecond);
  const clients: Socket[] = [];
  const reconnect = async () => {
    const before = devices.length;
    const client = connect(kind === "unix" ? { path: join(dir, "line") } : { port: line.port, host: "127.0.0.1" });
    clients.push(client);
    await once(client, "connect");
    client.on("error", () => undefined);
    await until("the device's side", () => devices.length > before);
    return { client, device: devices[before] };
  };
  onTestFinished(async () => {
    for (const socket of [...clients, ...devices]) socket.destroy();
    await line.close();
    server.close();
  });
  return { line, reconnect, ...(await reconnect()) };
}

function collected(socket: Socket): () => Buffer {
  const chunks: Buffer[] = [];
  socket.on("data", (data: Buffer) => chunks.push(data));
  return () => Buffer.concat(chunks);
}
