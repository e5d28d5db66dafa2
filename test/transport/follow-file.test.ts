/** A serial port's backing file, with a writer that does what QEMU and people do. */
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { followFile, type FollowedFile } from "../../src/transport/follow-file.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

/** Follows `path` in the background; what came in each run, as text. */
class Follower {
  readonly source: FollowedFile;
  readonly runs: string[] = [];
  ended = false;
  failure: unknown;

  constructor(path: string) {
    this.source = followFile(path, { pollMs: 2 });
    void this.#follow();
    onTestFinished(() => this.source.close());
  }

  async #follow(): Promise<void> {
    try {
      for await (const { bytes } of this.source.runs) {
        const run = this.runs.push("") - 1;
        for await (const chunk of bytes) this.runs[run] += Buffer.from(chunk).toString();
      }
    } catch (thrown) {
      this.failure = thrown;
    }
    this.ended = true;
  }

  async sees(...runs: string[]): Promise<void> {
    await until(`runs ${JSON.stringify(runs)}`, () => JSON.stringify(this.runs) === JSON.stringify(runs), 3000).catch(
      () => {
        expect(this.runs).toEqual(runs);
      },
    );
  }
}

/** The reader has looked at the file's end at least once. */
const rested = () => sleep(20);

describe("one run", () => {
  it("follows a file that is not there yet, and grows", async () => {
    const path = join(tempDir(), "serial.log");
    const follower = new Follower(path);
    await rested();
    expect(follower.runs).toEqual([]);
    writeFileSync(path, "one ");
    await follower.sees("one ");
    appendFileSync(path, "two");
    await follower.sees("one two");
    expect(follower.ended).toBe(false);
  });

  it("reads what is there already, however long", async () => {
    const path = join(tempDir(), "serial.log");
    const text = "0123456789".repeat(100_000);
    writeFileSync(path, text);
    await new Follower(path).sees(text);
  });

  it("goes on where the file was moved away and no other has come", async () => {
    const dir = tempDir();
    const path = join(dir, "serial.log");
    writeFileSync(path, "one ");
    const follower = new Follower(path);
    await follower.sees("one ");
    renameSync(path, join(dir, "serial.log.1"));
    appendFileSync(join(dir, "serial.log.1"), "two");
    await follower.sees("one two");
  });
});

describe("a new boot is a new run", () => {
  it("when the file is truncated", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, "first boot");
    const follower = new Follower(path);
    await follower.sees("first boot");
    truncateSync(path, 0);
    await rested();
    appendFileSync(path, "second");
    await follower.sees("first boot", "second");
  });

  it("when it is truncated and at once rewritten, shorter", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, "first boot");
    const follower = new Follower(path);
    await follower.sees("first boot");
    writeFileSync(path, "second");
    await follower.sees("first boot", "second");
  });

  it("when it is truncated and at once rewritten, longer than it was", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, "first boot");
    const follower = new Follower(path);
    await follower.sees("first boot");
    await rested();
    writeFileSync(path, "the second boot, which is longer");
    await follower.sees("first boot", "the second boot, which is longer");
  });

  it("when it is rewritten longer while the reader is busy with what it has", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, "first boot");
    const source = followFile(path, { pollMs: 2 });
    onTestFinished(() => source.close());
    const runs: string[] = [];
    for await (const { bytes } of source.runs) {
      const run = runs.push("") - 1;
      for await (const chunk of bytes) {
        runs[run] += Buffer.from(chunk).toString();
        if (runs.join("") === "first boot") writeFileSync(path, "the second boot, which is longer");
        else source.writerGone();
      }
    }
    expect(runs).toEqual(["first boot", "the second boot, which is longer"]);
  });

  it("when another file is moved in its place; what the old one still got is read first", async () => {
    // Often enough to meet the reader at every step of its look at the file.
    for (let round = 0; round < 20; round++) {
      const dir = tempDir();
      const path = join(dir, "serial.log");
      writeFileSync(path, "first ");
      const follower = new Follower(path);
      await follower.sees("first ");
      writeFileSync(join(dir, "new"), "second");
      appendFileSync(path, "boot");
      renameSync(join(dir, "new"), path);
      await follower.sees("first boot", "second");
      await follower.source.close();
    }
  });

  it("when it is deleted and made anew", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, "first boot");
    const follower = new Follower(path);
    await follower.sees("first boot");
    rmSync(path);
    await rested();
    writeFileSync(path, "second");
    await follower.sees("first boot", "second");
  });

  it("again and again", async () => {
    const path = join(tempDir(), "serial.log");
    const follower = new Follower(path);
    const boots: string[] = [];
    for (let boot = 0; boot < 5; boot++) {
      boots.push(`boot ${boot}`.repeat(5 - boot));
      writeFileSync(path, boots[boot]);
      await follower.sees(...boots);
      await rested();
    }
  });
});

describe("the end", () => {
  it("comes when the writer is gone and all is read", async () => {
    const path = join(tempDir(), "serial.log");
    writeFileSync(path, "one ");
    const follower = new Follower(path);
    await follower.sees("one ");
    appendFileSync(path, "two".repeat(500_000));
    follower.source.writerGone();
    await until("the end", () => follower.ended);
    expect(follower.runs).toEqual(["one " + "two".repeat(500_000)]);
  });

  it("comes when the writer is gone before it wrote a file", async () => {
    const follower = new Follower(join(tempDir(), "serial.log"));
    follower.source.writerGone();
    await until("the end", () => follower.ended);
    expect(follower).toMatchObject({ runs: [], failure: undefined });
  });

  it("comes at once when closed, waiting for a file or for bytes", async () => {
    const dir = tempDir();
    writeFileSync(join(dir, "there"), "x");
    for (const name of ["missing", "there"]) {
      const follower = new Follower(join(dir, name));
      await rested();
      await follower.source.close();
      await until("the end", () => follower.ended);
      expect(follower.failure).toBeUndefined();
    }
  });

  it("is an error for what is no file", async () => {
    const path = join(tempDir(), "dir");
    mkdirSync(path);
    const follower = new Follower(path);
    await until("the end", () => follower.ended);
    expect(follower.failure).toMatchObject({ code: "target/unsupported", message: `${path} is not a regular file` });
  });
});
