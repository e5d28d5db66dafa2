import { describe, expect, it } from "vitest";
import { MISSING_SHELLS, SHELLS } from "../../support/shells.ts";
import { openShell, outputOf } from "./console.ts";

const NOTE = MISSING_SHELLS.length > 0 ? ` (missing: ${MISSING_SHELLS.join(", ")})` : "";

/** Four kilobytes and more, quotes, backslashes, tabs, long lines, characters of several bytes: all that uploads trip over. */
function trickyText(length: number): string {
  const seed = 'it\'s "$HOME" `x` \\n \\\\ !! %s %b ~ # \t ü € 𝄞 {a,b} * ? [x] ; & | < > ';
  return seed.repeat(Math.ceil(length / seed.length)).slice(0, length);
}

describe.each(SHELLS)(`a console with $name${NOTE}`, (kind) => {
  it("runs commands, one after the other, with output and status", { timeout: 60_000 }, async () => {
    const shell = await openShell(kind);
    expect(shell.concurrent).toBe(false);
    expect(await shell.run("echo out; echo err >&2; exit 3")).toEqual({ output: "out\nerr\n", status: 3 });
    expect(await shell.run("true")).toEqual({ output: "", status: 0 });
    expect(await shell.run("printf 'no end'; false")).toEqual({ output: "no end", status: 1 });
    expect(await shell.run("printf '\\n\\n.5\\n\\n'")).toEqual({ output: "\n\n.5\n\n", status: 0 });
    expect(await shell.run("cat; cd /; kmemtap=1; exit 0")).toEqual({ output: "", status: 0 });
    expect((await shell.run('echo "$kmemtap"; if then')).status).not.toBe(0);
    expect(await shell.run("kill -9 $$")).toEqual({ output: expect.any(String) as string, status: 137 });
    const both = await Promise.all([shell.run("echo one"), shell.run("echo two")]);
    expect(both.map((result) => result.output)).toEqual(["one\n", "two\n"]);
  });

  it.each([4096, 20_000])("takes a command of %i characters", { timeout: 60_000 }, async (length) => {
    const shell = await openShell(kind);
    const text = trickyText(length);
    const command = `cat <<'END OF IT'\n${text}\nEND OF IT\n`;
    expect(await shell.run(command)).toEqual({ output: `${text}\n`, status: 0 });
  });

  it("brings output of any length", { timeout: 60_000 }, async () => {
    const shell = await openShell(kind);
    const { output, status } = await shell.run(
      'i=0; while [ $i -lt 9000 ]; do echo "line $i é"; i=$((i+1)); done; exit 9',
    );
    expect(status).toBe(9);
    expect(output).toBe(Array.from({ length: 9000 }, (_, i) => `line ${i} é\n`).join(""));
  });

  it(
    "runs a script in the terminal, with arguments and input, and is a shell again after it",
    { timeout: 60_000 },
    async () => {
      const shell = await openShell(kind);
      const script = await shell.start(
        `echo "$0 $# $1 $2"\nwhile read -r line; do\n  [ "$line" = end ] && exit 7\n  printf 'got %s\\r\\n\\036\\001' "$line"\ndone\n# ${trickyText(3000)}\n`,
        ["a  b", "it's 'ü'"],
      );
      await script.write(Buffer.from("one\nend\n"));
      expect(await outputOf(script)).toBe("kmemtap-agent 2 a  b it's 'ü'\ngot one\r\n\x1e\x01");
      expect(await script.exited).toBe(7);
      expect(await shell.run("echo again")).toEqual({ output: "again\n", status: 0 });
    },
  );

  it("ends what takes too long, and goes on", { timeout: 60_000 }, async () => {
    const shell = await openShell(kind);
    await expect(shell.run("sleep 1000", { timeoutMs: 700 })).rejects.toMatchObject({ code: "link/timeout" });
    expect(await shell.run("echo after")).toEqual({ output: "after\n", status: 0 });
    await expect(shell.run("trap '' INT; sleep 1000", { timeoutMs: 700 })).rejects.toMatchObject({
      code: "link/timeout",
    });
    expect(await shell.run("echo after")).toEqual({ output: "after\n", status: 0 });
  });

  it("stops a script that never ends, and lets it clean up", { timeout: 60_000 }, async () => {
    const shell = await openShell(kind);
    const script = await shell.start("trap 'echo cleaned; exit 5' INT\nwhile :; do echo tick; sleep 0.05; done", []);
    let text = "";
    for await (const chunk of script.bytes) {
      text += Buffer.from(chunk).toString();
      if (text.split("tick").length > 3) break;
    }
    await script.close();
    expect(await script.exited).toBe(5);
    expect(await shell.run("echo again")).toEqual({ output: "again\n", status: 0 });
  });
});
