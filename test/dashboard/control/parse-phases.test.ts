import { expect, it } from "vitest";
import { parsePhases } from "../../../src/dashboard/control/parse-phases.ts";

it("a workload is a phase a line, or says what is wrong", () => {
  expect(parsePhases("load=modprobe fat\n\n mount = mount -o loop=/dev/x /mnt ")).toEqual({
    state: "phases",
    phases: [
      { name: "load", command: "modprobe fat" },
      { name: "mount", command: "mount -o loop=/dev/x /mnt" },
    ],
  });
  for (const text of ["", "no command", "load=", "a b=c", "=x", Array(40).fill("a=b").join("\n")])
    expect(parsePhases(text).state).toBe("wrong");
});
