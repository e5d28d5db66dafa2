/** Stands between the command line and a guest's line, and keeps what the guest sent. */
import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

export interface Wiretap {
  received(): string;
  close(): void;
}

export async function wiretap(listenPath: string, targetPath: string): Promise<Wiretap> {
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ path: targetPath });
    far.on("data", (data: Buffer) => chunks.push(data));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => undefined);
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen({ path: listenPath });
  await once(server, "listening");
  return {
    received: () => Buffer.concat(chunks).toString("latin1"),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
