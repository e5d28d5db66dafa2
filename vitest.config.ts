import { defineConfig } from "vitest/config";

/** What traces this machine's own kernel, or talks to shells by the clock: one at a time, and never beside a guest. */
const ON_THIS_MACHINE = [
  "test/cli/{control,doctor,recorded,run,snapshot,stacks}.test.ts",
  "test/target/agent/agent*.test.ts",
  "test/target/console/**/*.test.ts",
  "test/transport/**/*.test.ts",
];

/** Long proofs on guests and links, for `npm run proofs`. */
const PROOFS = [
  "test/e2e/{agent,allocinfo,breakage,diff,hidden-frees,kernel-tree,link-contract,links,overrun,slow-link,stacks,symbols,systemd,workload}.test.ts",
];

export default defineConfig({
  test: {
    reporters: ["default"],
    globalSetup: "test/support/tracefs.ts",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", ...ON_THIS_MACHINE],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "machine",
          include: ON_THIS_MACHINE,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Whoever else is busy here can make a ring buffer overrun, which is a finding and no fault.
          retry: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // One guest at a time: two machines under emulation on two cores only slow each other down.
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: PROOFS,
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          retry: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "proofs",
          include: PROOFS,
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
