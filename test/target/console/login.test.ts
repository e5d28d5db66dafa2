import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KmemtapError } from "../../../src/model/errors.ts";
import { openConsole } from "../../../src/target/console/open-console.ts";
import { openPty, PTY_LINK } from "../../support/console-pty.ts";
import { noisyStream } from "../../support/noisy-stream.ts";
import { until } from "../../support/until.ts";
import { NOBODY, openOver, staying } from "./console.ts";

const LIMIT = { timeout: 90_000 };
const USER = `kmemtap${process.pid}`;
/** Of no account that anything else here has had: a process left from it would keep ours from being removed. */
const UID = String(100_000 + (process.pid % 100_000));
const PASSWORD = "s3cret-Pa$$'word";
/** Real logins, with an account made for the test. */
const LOGINS = [
  { name: "login", program: "/bin/login", command: ["/bin/login"] },
  {
    name: "busybox login",
    program: "/bin/busybox",
    command: ["busybox", "sh", "-c", "printf 'board login: '; read -r u; exec busybox login \"$u\""],
  },
].filter(({ program }) => existsSync(program));
const root = process.getuid?.() === 0 && existsSync("/usr/sbin/useradd");

describe.skipIf(!root)(`a login prompt${root ? "" : " (missing: root, for an account)"}`, () => {
  beforeAll(() => {
    expect(spawnSync("useradd", ["-M", "-u", UID, "-d", "/", "-s", "/bin/sh", USER]).status).toBe(0);
    // A hash that busybox knows as well.
    const hash = spawnSync("openssl", ["passwd", "-6", "-stdin"], { input: `${PASSWORD}\n` })
      .stdout.toString()
      .trim();
    expect(spawnSync("usermod", ["-p", hash, USER]).status).toBe(0);
  });
  afterAll(async () => {
    // The last login of the tests may take a moment to end.
    await until("the account to be gone", () => [0, 6].includes(spawnSync("userdel", [USER]).status ?? -1));
  });

  describe.each(LOGINS)("of $name", ({ command }) => {
    it("is passed with user and password from the configuration", LIMIT, async () => {
      const { stream } = await openPty(command);
      const shell = await openOver(stream, { ...NOBODY, login: { user: USER, password: PASSWORD } });
      expect(await shell.run("id -un")).toEqual({ output: `${USER}\n`, status: 0 });
    });

    it("is passed by asking, also after a wrong password, under noise", LIMIT, async () => {
      const { stream } = await openPty(["sh", "-c", 'while :; do "$@"; done', "getty", ...command]);
      const asked: string[] = [];
      const answers = [USER, "wrong", USER, PASSWORD];
      const ask = (prompt: string): Promise<string | undefined> => {
        asked.push(prompt);
        return Promise.resolve(answers.shift());
      };
      const shell = await openOver(noisyStream(stream, { seed: 4, logPerByte: 1 / 500, chunkBytes: 5 }), {
        login: {},
        ask,
      });
      expect(await shell.run("id -un")).toEqual({ output: `${USER}\n`, status: 0 });
      expect(asked).toHaveLength(4);
    });

    it("is there again when the shell is closed", LIMIT, async () => {
      const { stream } = await openPty(["sh", "-c", 'while :; do "$@"; done', "getty", ...command]);
      const console_ = staying(stream);
      const shell = await openOver(console_.stream, { ...NOBODY, login: { user: USER, password: PASSWORD } });
      await shell.run("true");
      const from = console_.log().length;
      await shell.close();
      await until("the login prompt", () => console_.log().slice(from).includes("login: "));
    });

    it("that refuses says so, without the password", LIMIT, async () => {
      const { stream } = await openPty(command);
      const login = { user: USER, password: "not-the-Password" };
      const thrown: unknown = await openConsole(stream, PTY_LINK, { ...NOBODY, login }).catch(
        (error: unknown) => error,
      );
      expect(thrown).toMatchObject({ code: "console/login" });
      expect(thrown instanceof KmemtapError && `${thrown.message} ${thrown.nextStep}`).not.toContain(login.password);
    });

    it("with nobody to ask is an error", LIMIT, async () => {
      const { stream } = await openPty(command);
      await expect(openConsole(stream, PTY_LINK, NOBODY)).rejects.toMatchObject({ code: "console/login" });
      const { stream: again } = await openPty(command);
      await expect(openConsole(again, PTY_LINK, { ...NOBODY, login: { user: USER } })).rejects.toMatchObject({
        code: "console/login",
      });
    });
  });
});
