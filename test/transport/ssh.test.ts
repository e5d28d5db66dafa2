import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SshTarget } from "../../src/model/target.ts";
import { connectSsh } from "../../src/transport/ssh/connect-ssh.ts";
import { shellContract } from "./link-contract.ts";
import { all, take } from "./link-reading.ts";
import { listen } from "./peers.ts";
import { asked, connected, greets, nobody, startAgent, temporaryUser } from "./ssh-support.ts";
import { acquainted, Client, hasSshd, newKey, proxyTo, startSshd, USER } from "./sshd.ts";

describe.skipIf(!hasSshd)("ssh", () => {
  shellContract("OpenSSH", async () => {
    const { server, client } = await acquainted();
    const proxy = await proxyTo(server.port);
    client.knows(server.knownAs(proxy.port));
    return { shell: await connectSsh(client.target(proxy), nobody), cut: () => proxy.cut() };
  });

  describe("a login", () => {
    it("with a key", async () => {
      const { server, client } = await acquainted();
      const shell = await connected(client.target(server));
      await greets(shell);
      expect(shell.link).toEqual({ kind: "ssh", label: `ssh://${USER}@127.0.0.1:${server.port}` });
    });

    it.each(["rsa", "ecdsa"])("with a key of type %s that the target names", async (type) => {
      const client = new Client();
      const identity = newKey(client.dir, "other", type);
      const server = await startSshd(readFileSync(`${identity}.pub`, "utf8"));
      client.knows(server.knownAs());
      await greets(await connected(client.target(server, { identity })));
    });

    it("with an encrypted key, asked for until it fits", async () => {
      const client = new Client();
      const identity = newKey(client.dir, "locked", "ed25519", "open sesame");
      const server = await startSshd(readFileSync(`${identity}.pub`, "utf8"));
      client.knows(server.knownAs());
      const ask = asked("wrong", "open sesame");
      await greets(await connected(client.target(server, { identity }), ask));
      expect(ask.prompts).toEqual(Array<string>(2).fill(`Passphrase for ${identity}: `));
    });

    it("with a key that the agent holds", async () => {
      const agent = startAgent();
      const config = `IdentityAgent ${agent.socket}\n`;
      const client = new Client(config);
      const held = newKey(client.dir, "held");
      execFileSync("ssh-add", ["-q", held], { env: { ...process.env, SSH_AUTH_SOCK: agent.socket } });
      const server = await startSshd(readFileSync(`${held}.pub`, "utf8"));
      client.knows(server.knownAs());
      execFileSync("rm", [held]);
      await greets(await connected(client.target(server)));
    });

    it("with a password, asked for when it is wanted", async () => {
      const { user, password } = temporaryUser();
      const { server, client } = await acquainted({ config: "PasswordAuthentication yes\nPubkeyAuthentication no" });
      const ask = asked("wrong", password);
      await greets(await connected(client.target(server, { user }), ask));
      expect(ask.prompts[0]).toContain(`${user}@127.0.0.1`);
      await greets(await connected(client.target(server, { user, password })));
    });

    it("with a password that PAM asks for", async () => {
      const { user, password } = temporaryUser();
      const { server, client } = await acquainted({
        config: "UsePAM yes\nKbdInteractiveAuthentication yes\nPubkeyAuthentication no",
      });
      await greets(await connected(client.target(server, { user, password })));
      const ask = asked(password);
      await greets(await connected(client.target(server, { user }), ask));
      expect(ask.prompts).toHaveLength(1);
      expect(ask.prompts[0]).toMatch(/assword/);
    });

    it("that fails says what was tried, and no secret", async () => {
      const { server, client } = await acquainted({ config: "PasswordAuthentication yes" });
      const identity = newKey(client.dir, "unknown");
      const failure = await connectSsh(client.target(server, { identity, password: "hunter2" }), nobody).catch(
        (thrown: unknown) => thrown,
      );
      expect(failure).toMatchObject({
        code: "link/auth",
        nextStep: expect.stringContaining("KMEMTAP_PASSWORD") as string,
      });
      expect((failure as Error).message).toMatch(
        new RegExp(
          `ssh://${USER}@127.0.0.1:${server.port} refuses .*key ${identity}, password, no password .*no terminal`,
        ),
      );
      expect(JSON.stringify(failure) + String(failure)).not.toContain("hunter2");
    });

    it("goes on with a key when the agent is gone", async () => {
      const client = new Client("IdentityAgent /nonexistent/agent\n");
      const server = await startSshd(client.publicKey);
      client.knows(server.knownAs());
      await greets(await connected(client.target(server)));
    });

    it("does not offer more keys than the server takes", async () => {
      const agent = startAgent();
      const client = new Client(`IdentityAgent ${agent.socket}\nIdentitiesOnly yes\n`);
      for (let i = 0; i < 8; i++)
        execFileSync("ssh-add", ["-q", newKey(client.dir, `key${i}`)], {
          env: { ...process.env, SSH_AUTH_SOCK: agent.socket },
        });
      const server = await startSshd(client.publicKey);
      client.knows(server.knownAs());
      await greets(await connected(client.target(server)));
    });
  });

  describe("the OpenSSH configuration", () => {
    it("gives an alias its address, port, user and key name", async () => {
      const client = new Client();
      const server = await startSshd(client.publicKey);
      const text = readFileSync(client.configFile, "utf8");
      const host = `Host board\nHostName 127.0.0.1\nPort ${server.port}\nUser ${USER}\nHostKeyAlias Board-7\n`;
      writeFileSync(client.configFile, host + text);
      client.knows(`board-7 ${server.hostKey()}`);
      const shell = await connected({ kind: "ssh", host: "board", configFile: client.configFile });
      await greets(shell);
      expect(shell.link.label).toBe("ssh://board");
    });

    it("that names a jump host is followed, and both are verified", async () => {
      const client = new Client();
      const server = await startSshd(client.publicKey);
      const jump = await startSshd(client.publicKey);
      const text = readFileSync(client.configFile, "utf8");
      const jumpHost = `Host gate\nHostName 127.0.0.1\nPort ${jump.port}\nUser ${USER}\n`;
      writeFileSync(
        client.configFile,
        `${jumpHost}Host board\nHostName 127.0.0.1\nPort ${server.port}\nUser ${USER}\nProxyJump gate\n${text}`,
      );
      const target: SshTarget = { kind: "ssh", host: "board", configFile: client.configFile };
      client.knows(server.knownAs());
      await expect(connectSsh(target, nobody)).rejects.toMatchObject({
        code: "link/host-key",
        message: expect.stringContaining(`:${jump.port} is not known`) as string,
      });
      client.knows(jump.knownAs());
      const shell = await connected(target);
      await greets(shell);
      const running = await shell.start("echo $SSH_CONNECTION; head -c 3000000 /dev/zero", []);
      expect((await all(running.bytes)).length).toBeGreaterThan(3_000_000);
      expect(jump.log()).toContain("Accepted publickey");
      expect(server.log()).toContain("Accepted publickey");
    });

    it("that is broken is named", async () => {
      const client = new Client("NoSuchOption yes\n");
      await expect(connectSsh(client.target({ port: 1 }), nobody)).rejects.toMatchObject({
        code: "config/invalid",
        exitCode: 2,
        message: expect.stringMatching(/nosuchoption/i) as string,
      });
    });

    it("with a ProxyCommand is refused", async () => {
      const client = new Client("ProxyCommand nc %h %p\n");
      await expect(connectSsh(client.target({ port: 1 }), nobody)).rejects.toMatchObject({
        code: "target/unsupported",
      });
    });
  });

  describe("trouble", () => {
    it("nobody listens", async () => {
      const client = new Client();
      await expect(connectSsh(client.target({ port: 1 }), nobody)).rejects.toMatchObject({
        code: "link/refused",
        message: expect.stringMatching(/^ssh:\/\/[^ ]*:1( \(.*\))?: nobody listens there$/) as string,
      });
    });

    it("it is not SSH that listens", async () => {
      const client = new Client();
      const web = await listen();
      void web.peer.then((peer) =>
        peer.write(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")).then(() => peer.socket.end()),
      );
      await expect(connectSsh(client.target(web), nobody)).rejects.toMatchObject({
        code: "link/refused",
        nextStep: expect.stringContaining("SSH server") as string,
      });
    });

    it("it says nothing", async () => {
      const client = new Client("ConnectTimeout 1\n");
      const silent = await listen();
      await expect(connectSsh(client.target(silent), nobody)).rejects.toMatchObject({ code: "link/timeout" });
    });

    it("a link that was cut without a word is noticed", { timeout: 60_000 }, async () => {
      const { server } = await acquainted();
      const client = new Client("ServerAliveInterval 1\n");
      writeFileSync(join(server.dir, "authorized_keys"), client.publicKey);
      const proxy = await proxyTo(server.port);
      client.knows(server.knownAs(proxy.port));
      const shell = await connected(client.target(proxy));
      const running = await shell.start("echo x; sleep 600", []);
      await take(running, 1);
      proxy.freeze();
      await expect(take(running, 1)).rejects.toMatchObject({ code: "link/lost" });
      await expect(shell.run("true")).rejects.toMatchObject({ code: "link/lost" });
    });

    it("a login shell that refuses is quoted", async () => {
      const { server, client } = await acquainted({ config: "ForceCommand echo go away; exit 1" });
      const shell = await connected(client.target(server));
      await expect(shell.run("true")).rejects.toMatchObject({
        code: "console/no-shell",
        message: expect.stringContaining("go away") as string,
      });
    });

    it("a login shell that talks is not taken for output", async () => {
      const { server, client } = await acquainted({
        config: `ForceCommand echo "Welcome!"; printf 'and hello'; echo; eval "$SSH_ORIGINAL_COMMAND"`,
      });
      await greets(await connected(client.target(server)));
    });

    it("a script's end is reported, though nobody read its output", async () => {
      const { server, client } = await acquainted();
      const shell = await connected(client.target(server));
      const running = await shell.start("head -c 100000 /dev/zero; exit 9", []);
      expect(await running.exited).toBe(9);
      expect((await all(running.bytes)).length).toBe(100_000);
    });
  });
});
