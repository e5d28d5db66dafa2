import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { loaderText } from "../../../src/target/console/loader.ts";
import { openPty } from "../../support/console-pty.ts";
import { anyShell, NOBODY, openOver, openShell } from "./console.ts";
import { openConsole } from "../../../src/target/console/open-console.ts";
import { PTY_LINK } from "../../support/console-pty.ts";

const LIMIT = { timeout: 90_000 };
const BASH = ["bash", "--norc", "-i"];

/** Something that was left on the console, and how it got there. */
const LEFT: readonly { readonly what: string; readonly typed: string; readonly needs?: string }[] = [
  { what: "a half-typed command", typed: "rm -rf /nonexistent/abc" },
  { what: "an open if", typed: "if true; then\n" },
  { what: "an open quote", typed: "echo 'abc\n" },
  { what: "a here-document", typed: "cat <<END\nabc\n" },
  { what: "cat, waiting for input", typed: "cat\nabc\n" },
  { what: "a sleeping program", typed: "sleep 1000\n" },
  {
    what: "an agent that still streams",
    typed: `sh -c 'trap "sleep 0.3; exit" INT; while :; do echo "a-1 [000] ..... 1.000000: kfree: ptr=0"; done'\n`,
  },
  {
    what: "a loop of ours that was left behind",
    typed: ` stty -echo -opost; sh -c '${loaderText("length")}' kmemtap 01234567\n`,
  },
  { what: "less", typed: "seq 1000 | less\n", needs: "/usr/bin/less" },
  { what: "more", typed: "seq 1000 | more\n", needs: "/usr/bin/more" },
  { what: "vi", typed: "vi\n", needs: "/usr/bin/vi" },
  { what: "Python", typed: "python3\n", needs: "/usr/bin/python3" },
  { what: "a program that ignores Ctrl-C", typed: "sh -c 'trap \"\" INT; while :; do sleep 0.1; done'\n" },
  {
    what: "a prompt with everything",
    typed: "PS1='\\[\\e]0;title\\a\\]\\n\\[\\e[1;32m\\]\\u@\\h:\\w\\[\\e[0m\\]\\n> '\n",
  },
];

describe("a shell on a console is found", () => {
  for (const { what, typed, needs } of LEFT) {
    const missing = needs !== undefined && !existsSync(needs);
    it.skipIf(missing)(`behind ${what}${missing ? ` (missing: ${needs})` : ""}`, LIMIT, async () => {
      const { stream } = await openPty(BASH, { env: { PATH: `/usr/bin:${process.env["PATH"] ?? ""}` } });
      await stream.write(Buffer.from(typed));
      await sleep(300);
      const shell = await openOver(stream);
      expect(await shell.run("echo here; exit 3")).toEqual({ output: "here\n", status: 3 });
    });
  }

  it("on a console without a controlling terminal, where commands are still limited in time", LIMIT, async () => {
    const shell = await openShell(anyShell(), undefined, { terminal: "setsid" });
    expect(await shell.run("(: </dev/tty) 2>/dev/null; echo $?")).not.toEqual({ output: "0\n", status: 0 });
    await expect(shell.run("sleep 1000", { timeoutMs: 1000 })).rejects.toMatchObject({ code: "link/timeout" });
    expect(await shell.run("echo after; exit 4", { timeoutMs: 20_000 })).toEqual({ output: "after\n", status: 4 });
  });

  it("after a boot whose loader any key would stop", LIMIT, async () => {
    const { stream } = await openPty(["bash", "-c", BOOT]);
    const shell = await openOver(stream);
    expect(await shell.run("echo booted")).toEqual({ output: "booted\n", status: 0 });
  });
});

/** U-Boot as it speaks, then a kernel, then a shell; a key in the countdown ends at U-Boot's prompt for ever. */
const BOOT = `
stty -echo
echo; echo 'U-Boot 2023.01 (Jan 01 2023)'; echo; echo 'DRAM:  512 MiB'
printf 'Hit any key to stop autoboot:  3 '
for n in 2 1 0; do
  if IFS= read -r -s -n 1 -t 1 key; then
    while printf '\\n=> '; do read -r line; printf "Unknown command '%s' - try 'help'" "$line"; done
  fi
  printf '\\b\\b\\b %s ' $n
done
echo; echo 'Starting kernel ...'; echo
sleep 1.5
for n in 1 2 3 4 5; do echo "[    $n.000000] Linux version 6.1.0"; sleep 0.2; done
stty echo
exec bash --norc -i
`;

describe("a console that is not a shell says so", () => {
  const open = async (program: string): Promise<unknown> => {
    const { stream } = await openPty(["bash", "-c", program]);
    return openConsole(stream, PTY_LINK, NOBODY).then(
      () => "a shell",
      (thrown: unknown) => thrown,
    );
  };

  it("when nothing ever comes", LIMIT, async () => {
    expect(await open("stty raw -echo; exec sleep 1000")).toMatchObject({ code: "console/no-answer" });
  });

  it("when something else talks there", LIMIT, async () => {
    expect(await open("stty raw -echo; while :; do printf 'sensor 42\\r\\n'; sleep 0.1; done")).toMatchObject({
      code: "console/no-shell",
      nextStep: expect.stringContaining("sensor 42") as string,
    });
  });

  it("when a boot loader was stopped", LIMIT, async () => {
    const loader =
      "echo 'U-Boot 2023.01'; while printf '=> '; do read -r x; echo \"Unknown command '$x' - try 'help'\"; done";
    expect(await open(loader)).toMatchObject({
      code: "console/no-shell",
      nextStep: expect.stringContaining("boot the system") as string,
    });
  });
});
