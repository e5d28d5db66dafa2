/** dropbear, the server of small boards. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "vitest";
import { connectSsh } from "../../src/transport/ssh/connect-ssh.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { shellContract } from "./link-contract.ts";
import { start } from "./peers.ts";
import { nobody, temporaryUser } from "./ssh-support.ts";
import { Client, freePort, proxyTo } from "./sshd.ts";

describe.skipIf(!existsSync("/usr/sbin/dropbear") || process.getuid?.() !== 0)(
  "dropbear, the server of small boards",
  () => {
    shellContract("dropbear", async () => {
      const client = new Client();
      const { port, known, user } = await startDropbear(client);
      const proxy = await proxyTo(port);
      client.knows(`[127.0.0.1]:${proxy.port} ${known}`);
      return { shell: await connectSsh(client.target(proxy, { user }), nobody), cut: () => proxy.cut() };
    });
  },
);

/** It looks for keys in the user's home only. */
async function startDropbear(client: Client): Promise<{ port: number; known: string; user: string }> {
  const home = tempDir();
  const { user } = temporaryUser(home);
  mkdirSync(join(home, ".ssh"), { mode: 0o700 });
  writeFileSync(join(home, ".ssh", "authorized_keys"), client.publicKey, { mode: 0o600 });
  execFileSync("chown", ["-R", user, home]);
  const keyFile = join(client.dir, "dropbear");
  const known = execFileSync("dropbearkey", ["-t", "ed25519", "-f", keyFile], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const port = await freePort();
  const child = start("dropbear", [
    "-F",
    "-E",
    "-p",
    `127.0.0.1:${port}`,
    "-r",
    keyFile,
    "-P",
    join(client.dir, "pid"),
  ]);
  await until("dropbear", () => child.said.text.includes("Not backgrounding"));
  return { port, user, known: /^ssh-ed25519 \S+/m.exec(known)?.[0] ?? "" };
}
