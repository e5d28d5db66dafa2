import { expect, it } from "vitest";
import { ToldPhases } from "../../src/capture/told-phases.ts";

const line = (type: string, text: string) => ({ writer: "g", seq: 1, type, text });

it("hears phases begin and end, and nothing else", () => {
  const told = new ToldPhases();
  expect(told.hear(line("phase-begin", "name=3.load modprobe vfat; true"))).toEqual({
    kind: "begin",
    name: "load",
    command: "modprobe vfat; true",
    round: 3,
  });
  expect(told.hear(line("stats", "name=3.load status=0"))).toBeUndefined();
  // The end of another is none of this one.
  expect(told.hear(line("phase-end", "name=2.load status=0"))).toBeUndefined();
  expect(told.hear(line("phase-end", "name=3.load status=x"))).toEqual({ kind: "end", status: null });
  expect(told.hear(line("phase-end", "name=3.load status=0"))).toBeUndefined();
  expect(told.hear(line("phase-begin", "name=4.use"))).toMatchObject({ command: "use", round: 4 });
});

it.each(["", "name=load", "name=1.", "name=1.a b/c".replace(" ", "/"), "name=x.load y"])(
  "hears no phase in %j",
  (text) => {
    expect(new ToldPhases().hear(line("phase-begin", text))).toBeUndefined();
  },
);
