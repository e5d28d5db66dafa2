import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { connectSsh } from "../../src/transport/ssh/connect-ssh.ts";
import { connected, greets, nobody } from "./ssh-support.ts";
import { acquainted, Client, hasSshd, startSshd, USER } from "./sshd.ts";

describe.skipIf(!hasSshd)("a host key", () => {
  it("that is unknown is refused with its fingerprint", async () => {
    const client = new Client();
    const server = await startSshd(client.publicKey);
    await expect(connectSsh(client.target(server), nobody)).rejects.toMatchObject({
      code: "link/host-key",
      message: `the host key of [127.0.0.1]:${server.port} is not known: ssh-ed25519 ${server.fingerprint()}`,
      nextStep: expect.stringMatching(/ssh-keyscan -p \d+ 127\.0\.0\.1/) as string,
    });
    expect(existsSync(client.knownHosts)).toBe(false);
    expect(server.log()).not.toContain("Accepted");
  });

  it("is stored when new ones are accepted, as ssh stores it", async () => {
    const client = new Client();
    const server = await startSshd(client.publicKey);
    writeFileSync(client.knownHosts, "other.example ssh-ed25519 AAAA");
    await greets(await connected(client.target(server, { acceptNew: true })));
    expect(readFileSync(client.knownHosts, "utf8").split("\n").slice(1)).toEqual([server.knownAs(), ""]);
    await greets(await connected(client.target(server)));
    // ssh itself is the judge.
    const ssh = ["-F", client.configFile, "-o", "BatchMode=yes", "-p", String(server.port), `${USER}@127.0.0.1`];
    expect(execFileSync("ssh", [...ssh, "echo hello"], { encoding: "utf8" })).toBe("hello\n");
  });

  it("is stored hashed where the configuration wants that", async () => {
    const client = new Client("HashKnownHosts yes\nStrictHostKeyChecking accept-new\n");
    const server = await startSshd(client.publicKey);
    await greets(await connected(client.target(server)));
    expect(readFileSync(client.knownHosts, "utf8")).toMatch(/^\|1\|/);
    const found = execFileSync("ssh-keygen", ["-F", `[127.0.0.1]:${server.port}`, "-f", client.knownHosts]);
    expect(found.toString()).toContain(server.hostKey());
    await greets(await connected(client.target(server)));
  });

  it("that has changed is refused, also when new ones are accepted", async () => {
    const { server, client } = await acquainted();
    const other = await startSshd(client.publicKey);
    writeFileSync(client.knownHosts, `# comment\n${other.knownAs(server.port)}\n`);
    await expect(connectSsh(client.target(server, { acceptNew: true }), nobody)).rejects.toMatchObject({
      code: "link/host-key",
      message: expect.stringMatching(
        new RegExp(
          `has changed: .*${escaped(server.fingerprint())}.*${client.knownHosts}:2 .*${escaped(other.fingerprint())}`,
        ),
      ) as string,
    });
  });

  it("of another type than the known one is not taken for new", async () => {
    const { server, client } = await acquainted({ hostKeys: ["rsa"] });
    const other = await startSshd(client.publicKey);
    writeFileSync(client.knownHosts, other.knownAs(server.port, "ed25519"));
    await expect(connectSsh(client.target(server, { acceptNew: true }), nobody)).rejects.toMatchObject({
      code: "link/host-key",
      message: expect.stringContaining("has changed") as string,
    });
  });

  it.each(["ecdsa", "rsa"] as const)("of type %s is asked for where that is the one known", async (type) => {
    const client = new Client();
    const server = await startSshd(client.publicKey);
    client.knows(server.knownAs(server.port, type));
    await greets(await connected(client.target(server)));
  });

  it("that known_hosts has hashed is known", async () => {
    const { server, client } = await acquainted();
    execFileSync("ssh-keygen", ["-q", "-H", "-f", client.knownHosts], { stdio: "ignore" });
    expect(readFileSync(client.knownHosts, "utf8")).toMatch(/^\|1\|/);
    await greets(await connected(client.target(server)));
  });

  it("that is revoked is refused, though it is known", async () => {
    const { server, client } = await acquainted();
    client.knows(`@revoked * ${server.hostKey()}`);
    await expect(connectSsh(client.target(server), nobody)).rejects.toMatchObject({
      code: "link/host-key",
      message: expect.stringContaining(`is revoked by ${client.knownHosts}:2`) as string,
    });
  });

  it("that only an authority vouches for is unknown, which is said", async () => {
    const client = new Client();
    const server = await startSshd(client.publicKey);
    client.knows(`@cert-authority * ${server.hostKey()}`);
    await expect(connectSsh(client.target(server), nobody)).rejects.toMatchObject({
      code: "link/host-key",
      message: expect.stringMatching(/is not known.*known_hosts:1 trusts an authority/) as string,
    });
  });
});

function escaped(text: string): string {
  return text.replace(/[+/]/g, "\\$&");
}
