/** An armed target whose link breaks, comes back, is closed at the wrong moment: over real shells, with an agent that does as it is told. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { KmemtapError } from "../../../src/model/errors.ts";
import { planOf } from "../../support/agent-source.ts";
import { type Scripted, scripted } from "../../support/scripted-agent.ts";
import { until } from "../../support/until.ts";

const heard = (bench: Scripted, text: string, times = 1) =>
  until(
    `"${text}", heard ${bench.all().join(" | ")}`,
    () => bench.all().filter((line) => line.startsWith(text)).length >= times,
  );

/** After everything: no shell is open, nobody waits for lines. */
async function expectClean(bench: Scripted): Promise<void> {
  await bench.sideDone;
  await bench.source.close();
  await until("all shells closed", () => bench.open.size === 0);
}

describe("a capture that is stopped", () => {
  it("ends its bytes once the target is restored", async () => {
    const bench = scripted();
    await heard(bench, "begin");
    bench.source.stop();
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    const lines = bench.all();
    expect(lines.slice(0, 3)).toEqual(["session mode=text link=local", "armed instance=x size=1024", "begin"]);
    expect(lines.slice(-5)).toEqual(["told stop", "last", "told bye", "end reason=stop", "bye"]);
    expect(bench).toMatchObject({ source: { reconnects: 0 }, said: [] });
    await expectClean(bench);
  });

  it("while the link is still being made starts nothing", async () => {
    let connected: () => void = () => undefined;
    const bench = scripted({ beforeConnect: () => new Promise((resolve) => (connected = resolve)) });
    await until("the connection", () => bench.connects() === 1);
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    connected();
    await sleep(50);
    expect(bench.modes).toEqual([]);
    await expectClean(bench);
  });

  it("ends though the word that all is restored was damaged", async () => {
    const bench = scripted({ onLine: (line) => (line.includes(" bye ~") ? line.slice(0, -1) : line) });
    await heard(bench, "begin");
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    expect(bench.all().at(-1)).toBe("damaged");
  });

  it("is stopped again where the end of the window was damaged", async () => {
    let damages = 1;
    const bench = scripted({
      onLine: (line) => (line.includes(" last ~") && damages-- > 0 ? "@kmemtap damaged" : line),
    });
    await heard(bench, "begin");
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    expect(bench.all().filter((line) => line === "told stop")).toHaveLength(2);
  });
});

describe("a capture that is closed", () => {
  it("ends at once, also in the middle of making the link", async () => {
    let connected: () => void = () => undefined;
    const bench = scripted({ beforeConnect: () => new Promise((resolve) => (connected = resolve)) });
    await until("the connection", () => bench.connects() === 1);
    await bench.source.close();
    expect(await bench.done).toBeUndefined();
    connected();
    await expectClean(bench);
    expect(bench.modes).toEqual([]);
  });

  it("ends at once while it is looked at", async () => {
    let planned: () => void = () => undefined;
    const bench = scripted({ plan: () => new Promise((resolve) => (planned = () => resolve(planOf("text")))) });
    await until("the look", () => bench.open.size === 1);
    await bench.source.close();
    expect(await bench.done).toBeUndefined();
    planned();
    await expectClean(bench);
    expect(bench.modes).toEqual([]);
  });

  it("ends at once while it streams, with no shell left", async () => {
    const bench = scripted();
    await heard(bench, "begin");
    await bench.source.close();
    expect(await bench.done).toBeUndefined();
    await expectClean(bench);
  });
});

describe("a target that cannot be reached, or refuses", () => {
  it("is a failure at the first connection, and nobody waits for more", async () => {
    const bench = scripted({ connect: () => Promise.reject(new KmemtapError("link/unreachable", "no route")) });
    expect(await bench.done).toMatchObject({ code: "link/unreachable" });
    await expectClean(bench);
  });

  it("is a failure in its own words where the agent refuses", async () => {
    const bench = scripted({
      script: (text) => text.replace("say armed instance=x size=1024", "say refused code=no-instance; exit 3"),
    });
    expect(await bench.done).toMatchObject({
      code: "agent/refused",
      message: expect.stringContaining("no tracefs instance") as string,
    });
    await expectClean(bench);
  });
});

describe("a link that breaks", () => {
  it("is made again within the same run, and the gap stands in the stream", async () => {
    const bench = scripted();
    await heard(bench, "begin");
    bench.source.send("die");
    await heard(bench, "begin", 2);
    const lines = bench.all();
    const gap = lines.findIndex((line) => line.startsWith("gap "));
    expect(lines[gap]).toMatch(/^gap from=\d{13} to=\d{13} scripted:: the agent there ended$/);
    expect(lines.slice(gap + 1, gap + 4)).toEqual([
      "session mode=text link=local",
      "armed instance=x size=1024",
      "begin",
    ]);
    expect(bench).toMatchObject({ source: { reconnects: 1 }, runs: [lines] });
    expect(bench.said).toEqual(["scripted:: the agent there ended; reconnecting", "connected again"]);
    expect(bench.open.size).toBe(1);
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    await expectClean(bench);
  });

  it("is tried again and again, with ever longer pauses", async () => {
    const bench = scripted({
      beforeConnect: (nth) => {
        if (nth === 2 || nth === 3) throw new KmemtapError("link/unreachable", `no route ${nth}`);
      },
    });
    await heard(bench, "begin");
    bench.source.send("die");
    await heard(bench, "begin", 2);
    expect(bench.connects()).toBe(4);
    expect(bench.said.filter((text) => text.startsWith("no link yet"))).toEqual([
      "no link yet: no route 2",
      "no link yet: no route 3",
    ]);
    expect(bench.all().filter((line) => line.startsWith("gap "))).toHaveLength(1);
  });

  it("is the end where it may not be made again", async () => {
    const bench = scripted({ reconnect: false });
    await heard(bench, "begin");
    bench.source.send("die");
    expect(await bench.done).toMatchObject({ code: "link/lost" });
    expect(bench.connects()).toBe(1);
    await expectClean(bench);
  });

  it("is not waited for any longer once the operator ends it", async () => {
    const bench = scripted({
      beforeConnect: (nth) => {
        if (nth > 1) throw new KmemtapError("link/unreachable", "no route");
      },
    });
    await heard(bench, "begin");
    bench.source.send("die");
    // The pause that follows takes two seconds.
    await until("some tries", () => bench.connects() === 4);
    let ended = false;
    void bench.done.then(() => (ended = true));
    bench.source.stop();
    await until("the end, before the pause is over", () => ended, 1500);
    expect(await bench.done).toMatchObject({ code: "link/lost" });
    await expectClean(bench);
  });

  it("and is stopped while it comes back is stopped then", async () => {
    let connected: () => void = () => undefined;
    const bench = scripted({
      beforeConnect: (nth) => (nth === 1 ? undefined : new Promise((resolve) => (connected = resolve))),
    });
    await heard(bench, "begin");
    bench.source.send("die");
    await until("the second connection", () => bench.connects() === 2);
    bench.source.stop();
    connected();
    expect(await bench.done).toBeUndefined();
    expect(bench.all().slice(-2)).toEqual(["end reason=stop", "bye"]);
    await expectClean(bench);
  });

  it("to a target that has booted since is a new run; the old one says so", async () => {
    const bench = scripted({ plan: (nth) => planOf("text", { bootId: `boot-${nth}` }) });
    await heard(bench, "begin");
    bench.source.send("die");
    await heard(bench, "begin", 2);
    expect(bench.runs).toHaveLength(2);
    expect(bench.runs[0].at(-1)).toMatch(/^gap .* the target rebooted$/);
    expect(bench.runs[1][0]).toBe("session mode=text link=local");
    expect(bench.source.reconnects).toBe(0);
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    await expectClean(bench);
  });
});

describe("another mode", () => {
  it("is a new run of the same target", async () => {
    const bench = scripted();
    await heard(bench, "begin");
    bench.source.switchTo("text");
    bench.source.switchTo("hist");
    bench.source.switchTo("hist");
    await heard(bench, "begin", 2);
    expect(bench.modes).toEqual(["text", "hist"]);
    expect(bench.runs[0].at(-1)).toBe("bye");
    expect(bench.source.plan?.mode).toBe("hist");
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    expect(bench.runs).toHaveLength(2);
    await expectClean(bench);
  });

  it("is not gone to any more when the operator ends the capture meanwhile", async () => {
    const bench = scripted();
    await heard(bench, "begin");
    bench.source.switchTo("hist");
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    expect(bench.modes).toEqual(["text"]);
    await expectClean(bench);
  });

  it("is gone to though the link breaks on the way, and though it does not come back at once", async () => {
    const bench = scripted({
      script: (text) => text.replace("say end reason=stop; say bye; exit 0", "exit 9"),
      beforeConnect: (nth) => {
        if (nth === 2) throw new KmemtapError("link/unreachable", "no route");
      },
    });
    await heard(bench, "begin");
    bench.source.switchTo("hist");
    await heard(bench, "begin", 2);
    expect(bench.modes).toEqual(["text", "hist"]);
    expect(bench.said).toContain("no link yet: no route");
  });

  it("that the target does not have is a failure", async () => {
    const bench = scripted({
      plan: (_, wanted) => {
        if (wanted === "hist") throw new KmemtapError("target/unsupported", "mode hist: no");
        return planOf("text");
      },
    });
    await heard(bench, "begin");
    bench.source.switchTo("hist");
    expect(await bench.done).toMatchObject({ code: "target/unsupported" });
    await expectClean(bench);
  });
});

describe("mode hist", () => {
  const hist = { plan: () => planOf("hist") };

  it("asks for reading after reading, and for everything where one was damaged", async () => {
    const bench = scripted(hist);
    await heard(bench, "told tick", 3);
    expect(bench.all()).not.toContain("told tick full");
    bench.source.hear("damaged");
    await heard(bench, "told tick full");
    await heard(bench, "told tick", 6);
    expect(bench.all().filter((line) => line === "told tick full")).toHaveLength(1);
  });

  it("does not ask for the next reading before the last one is there", async () => {
    const bench = scripted({ ...hist, script: (text) => text.replace("tick*) figure", "tack*) figure") });
    await heard(bench, "told tick");
    await sleep(200);
    expect(bench.all().filter((line) => line.startsWith("told tick"))).toHaveLength(1);
  });

  it("reads everything once more in the end, and again where that was damaged", async () => {
    let damages = 2;
    const bench = scripted({
      ...hist,
      onLine: (line) => (line.includes("told tick full maps") && damages-- > 0 ? "@kmemtap damaged" : line),
    });
    await heard(bench, "begin");
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    expect(bench.all().filter((line) => line === "tick-done full maps")).toHaveLength(3);
    expect(bench.all().at(-1)).toBe("bye");
  });

  it("comes to an end on a line that damages every reading", async () => {
    const bench = scripted({
      ...hist,
      onLine: (line) => (line.includes("told tick full maps") ? "@kmemtap damaged" : line),
    });
    await heard(bench, "begin");
    bench.source.stop();
    expect(await bench.done).toBeUndefined();
    expect(bench.all().filter((line) => line === "tick-done full maps")).toHaveLength(5);
  });
});

describe("the second channel", () => {
  it("brings the agent's lines, and ends with the capture", async () => {
    const bench = scripted();
    await heard(bench, "begin");
    bench.source.send("err 7");
    await until("the line", () => bench.side.includes("stats cpu=7"));
    bench.source.stop();
    await bench.done;
    await bench.sideDone;
    expect(bench.side).toEqual(["stats cpu=7"]);
  });
});
