import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../support/until.ts";
import type { ContractSize, ShellUnderTest } from "./link-contract.ts";
import {
  all,
  ALL_BYTES,
  drainInto,
  line,
  LOST,
  settled,
  sha,
  take,
  untilGone,
  watchNumbers,
  writeUntilRefused,
} from "./link-reading.ts";

export function shellContract(name: string, open: () => Promise<ShellUnderTest>, size: ContractSize = {}): void {
  const { largeBytes = 4_000_000, boundBytes = 16_000_000 } = size;
  const opened = async () => {
    const under = await open();
    onTestFinished(() => under.shell.close());
    return under;
  };

  describe(`${name}: a shell`, () => {
    it("runs a command: output, errors and status", async () => {
      const { shell } = await opened();
      const { output, status } = await shell.run("echo out; echo err >&2; exit 7");
      expect(output.split(/\r?\n/).sort()).toEqual(["", "err", "out"]);
      expect(status).toBe(7);
      expect(await shell.run("true")).toEqual({ output: "", status: 0 });
    });

    it("takes a command as it is written", async () => {
      const { shell } = await opened();
      const command = `printf '%s\\n' "it's" '"$HOME"' 'back\\slash' '!x' 'ü €' '%s' # comment\nprintf end`;
      expect(await shell.run(command)).toEqual({
        output: `it's\n"$HOME"\nback\\slash\n!x\nü €\n%s\nend`,
        status: 0,
      });
    });

    it("gives a command nothing to read", async () => {
      const { shell } = await opened();
      expect(await shell.run("cat; echo done")).toEqual({ output: "done\n", status: 0 });
    });

    it("says what is wrong with a command that is none", async () => {
      const { shell } = await opened();
      const { output, status } = await shell.run("if then");
      expect(status).toBeGreaterThan(0);
      expect(output).toMatch(/syntax|unexpected/i);
    });

    it("ends a command that takes too long, and runs the next", async () => {
      const { shell } = await opened();
      await expect(shell.run("sleep 600", { timeoutMs: 300 })).rejects.toMatchObject({
        code: "link/timeout",
        message: expect.stringContaining("sleep 600") as string,
      });
      expect(await shell.run("echo next")).toEqual({ output: "next\n", status: 0 });
    });

    it("starts a script with arguments of any kind", async () => {
      const { shell } = await opened();
      const args = ["a b", "it's", "", "two\nlines", '"$x" `y`', "back\\slash\\\\", "*"];
      const running = await shell.start(`printf '%s|' "$#" "$@"`, args);
      expect((await all(running.bytes)).toString()).toBe(`${[args.length, ...args].join("|")}|`);
      expect(await running.exited).toBe(0);
    });

    it("starts a script of 100 kB, and leaves its input to it", async () => {
      const { shell } = await opened();
      const filler = Array.from({ length: 2500 }, (_, i) => `: 'line ${i} of the script, "quoted"'`).join("\n");
      const running = await shell.start(`${filler}\nread -r line; echo "got $line"; exit 3`, []);
      await running.write(Buffer.from("this\n"));
      expect((await all(running.bytes)).toString()).toBe("got this\n");
      expect(await running.exited).toBe(3);
    });

    it("keeps errors apart from output, or says that it cannot", async () => {
      const { shell } = await opened();
      const running = await shell.start("echo out; echo err >&2", []);
      const [output, errors] = await Promise.all([
        all(running.bytes),
        running.errorBytes === undefined ? undefined : all(running.errorBytes),
      ]);
      expect(output.toString()).toBe(errors === undefined ? "out\nerr\n" : "out\n");
      expect(errors?.toString() ?? "err\n").toBe("err\n");
    });

    it("carries large transfers through a script", async () => {
      const { shell } = await opened();
      const random = randomBytes(largeBytes);
      // A terminal takes lines.
      const lines =
        random
          .toString("base64")
          .replaceAll(/.{76}/g, "$&\n")
          .slice(0, largeBytes - 1) + "\n";
      const data = shell.concurrent ? random : Buffer.from(lines);
      const running = await shell.start(`head -c ${largeBytes}`, []);
      const [read] = await Promise.all([all(running.bytes), running.write(data)]);
      expect(sha(read)).toBe(sha(data));
      expect(await running.exited).toBe(0);
    });

    it("reports a script that a signal ended", async () => {
      const { shell } = await opened();
      const running = await shell.start("kill -TERM $$; sleep 600", []);
      await all(running.bytes);
      expect(await running.exited).toBe(128 + 15);
    });

    it("refuses to write to a script that has ended", async () => {
      const { shell } = await opened();
      const running = await shell.start("exit 0", []);
      await all(running.bytes);
      await running.exited;
      await expect(writeUntilRefused(running)).rejects.toEqual(LOST);
    });

    it("says so to a writer whose bytes the script did not take", async () => {
      const { shell } = await opened();
      // A terminal takes all, and loses what it has no room for.
      if (!shell.concurrent) return;
      const running = await shell.start("echo up; sleep 600", []);
      await take(running, 1);
      const refused = expect(running.write(Buffer.alloc(64_000_000))).rejects.toEqual(LOST);
      await running.close();
      await refused;
    });

    it("stops a script that nobody reads, and goes on when somebody does", async () => {
      const { shell } = await opened();
      const running = await shell.start("while head -c 65536 /dev/zero; do n=$((n + 1)); echo $n >&2; done", []);
      if (running.errorBytes === undefined) return;
      const progress = watchNumbers(running.errorBytes);
      await take(running, 1);
      await settled(() => progress.last);
      expect(progress.last * 65_536).toBeLessThan(boundBytes);
      const before = progress.last;
      const reading = drainInto(running);
      await until("the script goes on", () => progress.last > before + boundBytes / 65_536, 20_000);
      await running.close();
      expect(reading.bytes).toBeGreaterThan(0);
    });

    it("is not held up by errors that nobody reads", async () => {
      const { shell } = await opened();
      const running = await shell.start(`head -c ${boundBytes / 2} /dev/zero >&2; echo done`, []);
      expect((await all(running.bytes)).toString()).toContain("done");
    });

    it("ends a script that is closed, however it stands", async () => {
      const { shell } = await opened();
      const running = await shell.start(`trap 'exit 0' TERM; echo $$; while :; do sleep 1; done`, []);
      const pid = Number((await line(running)).trim());
      await Promise.all([running.close(), running.close()]);
      await running.close();
      await untilGone(shell, pid);
    });

    it("ends a script that does not want to end", async () => {
      const { shell } = await opened();
      const running = await shell.start(`trap '' TERM HUP PIPE; echo $$; while :; do sleep 1; done`, []);
      const pid = Number((await line(running)).trim());
      await running.close();
      await untilGone(shell, pid);
    });

    it("runs many at once, where it is concurrent", async () => {
      const { shell } = await opened();
      if (!shell.concurrent) return;
      // More than one OpenSSH connection has channels for.
      const waiting = await Promise.all(
        Array.from({ length: 14 }, (_, i) => shell.start(`read -r line; echo "${i} $line"`, [])),
      );
      expect((await shell.run("echo between")).output).toBe("between\n");
      for (const running of waiting.toReversed()) await running.write(Buffer.from("go\n"));
      const outputs = await Promise.all(waiting.map((running) => all(running.bytes)));
      expect(outputs.map(String)).toEqual(waiting.map((_, i) => `${i} go\n`));
    });

    it("says so when the link breaks", async () => {
      const { shell, cut } = await opened();
      if (cut === undefined) return;
      const running = await shell.start("cat", []);
      await running.write(Buffer.from("x"));
      await take(running, 1);
      const reading = take(running, 1);
      const command = shell.run("sleep 600");
      const refused = expect(command).rejects.toEqual(LOST);
      await sleep(100);
      cut();
      await expect(reading).rejects.toEqual(LOST);
      await refused;
      expect(await running.exited).toBeUndefined();
      await expect(running.write(ALL_BYTES)).rejects.toEqual(LOST);
      await expect(shell.run("true")).rejects.toEqual(LOST);
      await running.close();
    });

    it("closes twice", async () => {
      const { shell } = await opened();
      await Promise.all([shell.close(), shell.close()]);
      await shell.close();
    });
  });
}
