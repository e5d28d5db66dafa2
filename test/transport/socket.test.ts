import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { connectSocket } from "../../src/transport/socket.ts";
import { tempDir } from "../support/temp-dir.ts";
import { streamContract } from "./link-contract.ts";
import { all } from "./link-reading.ts";
import { listen } from "./peers.ts";

/** Of socket buffers on both sides. */
const SIZE = { boundBytes: 16_000_000 };

async function overTcp(host = "127.0.0.1") {
  const { port, peer } = await listen({ host, port: 0 });
  return { stream: await connectSocket({ host, port }), peer: await peer };
}

async function overUnix() {
  const path = join(tempDir(), "console.sock");
  const { peer } = await listen({ path });
  return { stream: await connectSocket({ path }), peer: await peer };
}

streamContract("unix", async () => ({ ...(await overUnix()), deadPeerIs: "end" }), SIZE);
streamContract("tcp", async () => ({ ...(await overTcp()), deadPeerIs: "end" }), SIZE);
streamContract(
  "tcp, with a peer that breaks off",
  async () => {
    const { stream, peer } = await overTcp();
    return { stream, peer: { ...peer, kill: () => void peer.socket.resetAndDestroy() }, deadPeerIs: "lost" };
  },
  SIZE,
);

describe("connectSocket", () => {
  it("reads what came before the other side closed", async () => {
    const { stream, peer } = await overTcp("::1");
    await peer.write(Buffer.from("last words"));
    peer.socket.end();
    expect((await all(stream.bytes)).toString()).toBe("last words");
    await stream.close();
  });

  it("says that nobody listens", async () => {
    const { port, peer } = await listen();
    const first = await connectSocket({ host: "127.0.0.1", port });
    void peer;
    await first.close();
    await expect(connectSocket({ host: "127.0.0.1", port: 1 })).rejects.toMatchObject({
      code: "link/refused",
      message: "tcp://127.0.0.1:1: nobody listens there",
    });
  });

  it("says that there is no such socket, or none that anybody serves", async () => {
    const dir = tempDir();
    await expect(connectSocket({ path: join(dir, "none") })).rejects.toMatchObject({
      code: "link/unreachable",
      nextStep: expect.stringContaining("server=on") as string,
    });
    writeFileSync(join(dir, "file"), "");
    await expect(connectSocket({ path: join(dir, "file") })).rejects.toMatchObject({ code: "link/refused" });
  });

  it("says that a name is not known", async () => {
    await expect(connectSocket({ host: "no-such-host.invalid", port: 1 })).rejects.toMatchObject({
      code: "link/unreachable",
      message: expect.stringContaining("no-such-host.invalid") as string,
    });
  });

  it("gives up on a host that does not answer", async () => {
    // A backlog that is full answers nothing: the connection stays half made.
    const { host, port } = await fullServer();
    await expect(connectSocket({ host, port }, { timeoutMs: 300 })).rejects.toMatchObject({
      code: "link/unreachable",
      message: expect.stringContaining("0.3 s") as string,
    });
  });
});

/** A server that accepts nobody and whose queue is full. */
async function fullServer(): Promise<{ host: string; port: number }> {
  const { spawn } = await import("node:child_process");
  const { onTestFinished } = await import("vitest");
  const { connect } = await import("node:net");
  const script =
    "import socket,time\ns=socket.socket();s.bind(('127.0.0.1',0));s.listen(0)\nprint(s.getsockname()[1],flush=True)\ntime.sleep(600)";
  const child = spawn("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const port = await new Promise<number>((resolve) =>
    child.stdout.once("data", (data: Buffer) => resolve(Number(data.toString()))),
  );
  for (let i = 0; i < 4; i++) {
    const filler = connect({ host: "127.0.0.1", port });
    filler.on("error", () => undefined);
    onTestFinished(() => void filler.destroy());
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  return { host: "127.0.0.1", port };
}
