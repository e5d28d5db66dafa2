import { existsSync } from "node:fs";
import { join } from "node:path";
import { ToldPhases } from "../capture/told-phases.ts";
import { type ExitCode, KmemtapError } from "../model/errors.ts";
import { PACKAGE_ROOT } from "../model/package-root.ts";
import { bootGuest, type Guest } from "../target/qemu/boot-guest.ts";
import { replayFile } from "../transport/replay-file.ts";
import { loadConfig } from "./config.ts";
import { say } from "./say.ts";
import { untilStopped } from "./until-stopped.ts";
import { watch, type WatchOptions } from "./watch.ts";
import { wrappersOf } from "./wrappers.ts";

/** A real boot of the demo guest as its serial port had it, for machines that cannot boot one. */
const RECORDING = join(PACKAGE_ROOT, "fixtures", "6.1-amd64-demo", "trace.txt.gz");

export interface DemoCommandOptions {
  readonly serve?: string;
  readonly tokenFile?: string;
  readonly readOnly?: true;
  readonly recorded?: true;
  readonly config?: string;
}

/** Boots the demo guest, or plays its recording where that cannot be done, and watches it. */
export async function runDemo(options: DemoCommandOptions): Promise<ExitCode> {
  const config = loadConfig(options.config);
  // Before the guest is made: Ctrl-C while its files are written must remove them too.
  const stopped = untilStopped();
  const guest = options.recorded === true ? undefined : await guestIfPossible();
  const wrappers = wrappersOf(config.wrappers);
  const common = { config, stopped, serve: options.serve, access: options, wrappers, lifetimes: true, tasks: true };
  return guest === undefined ? watchRecording(common) : watchGuest(guest, common);
}

/** The guest; undefined, and said why, where this machine cannot boot one. */
async function guestIfPossible(): Promise<Guest | undefined> {
  try {
    return await bootGuest();
  } catch (thrown) {
    if (!(thrown instanceof KmemtapError) || thrown.code !== "target/no-qemu") throw thrown;
    say(`cannot boot a kernel here: ${thrown.message}`);
    if (thrown.nextStep !== undefined) say(`  ${thrown.nextStep}`);
    return undefined;
  }
}

type Common = Pick<WatchOptions, "config" | "stopped" | "serve" | "access" | "wrappers" | "lifetimes" | "tasks">;

async function watchGuest(guest: Guest, common: Common): Promise<ExitCode> {
  try {
    let ending = false;
    void common.stopped.then(() => (ending = true));
    // Its end is news only when nobody asked for it.
    void guest.exited.then(({ reason }) => {
      if (!ending) say(reason);
    });
    return await watch(guest.source, {
      ...common,
      reports: guest.reports,
      told: { nonce: guest.nonce, listener: new ToldPhases() },
      onReady: (url) => {
        say(`booting Linux ${guest.release} in QEMU (pid ${guest.pid}); its console is ${guest.files.console}`);
        say(`open ${url} - it fills while the kernel boots; Ctrl-C ends the guest and removes its files`);
      },
    });
  } finally {
    await guest.close();
  }
}

async function watchRecording(common: Common): Promise<ExitCode> {
  if (!existsSync(RECORDING)) {
    throw new KmemtapError("input/missing", `the recorded boot is missing: ${RECORDING}`, {
      nextStep: "install kmemtap again",
    });
  }
  return watch(replayFile(RECORDING, { speed: 1, label: "a boot of Linux 6.1 in QEMU, recorded" }), {
    ...common,
    onReady: (url) => {
      say("playing a RECORDING of a real boot (Linux 6.1, QEMU) at its own speed");
      say(`open ${url} - Ctrl-C ends it`);
    },
  });
}
