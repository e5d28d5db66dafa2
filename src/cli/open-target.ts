/** A target as a source to follow, whatever kind it is. */
import type { Observable } from "rxjs";
import type { WorkloadListener } from "../capture/live-options.ts";
import { type Replay, replayCapture } from "../capture/replay-capture.ts";
import type { ByteSource, TargetReport } from "../model/ports.ts";
import type { Target } from "../model/target.ts";
import type { AgentSource } from "../target/agent/agent-source.ts";
import { armTarget, type ArmOptions } from "../target/agent/arm-target.ts";
import { bootGuest } from "../target/qemu/boot-guest.ts";
import { holdsCapture } from "./file-kind.ts";
import { say } from "./say.ts";
import { followFile } from "../transport/follow-file.ts";
import { checkRecording, replayFile } from "../transport/replay-file.ts";

export interface OpenTarget {
  readonly source: ByteSource;
  readonly reports?: Observable<TargetReport>;
  /** The source again, where kmemtap arms it. */
  readonly agent?: AgentSource;
  /** Of a recording: the workloads that ran when it was made. */
  readonly replayed?: WorkloadListener;
  close(): Promise<void>;
}

/** @param bootCapture what `qemu:` means: the boot of the demo's guest from its first moment, or a shell on a guest */
export async function openTarget(
  target: Target,
  label: string,
  arm: ArmOptions,
  bootCapture: boolean,
): Promise<OpenTarget> {
  if (arm.stacks === true && (target.kind === "file" || target.kind === "replay"))
    say(`stacks are asked of a target that kmemtap arms: of ${label} those are read that are in it`);
  switch (target.kind) {
    case "file":
      return closing(followFile(target.path));
    case "replay":
      await checkRecording(target.path);
      return (await holdsCapture(target.path))
        ? replayed(await replayCapture(target.path, { speed: target.speed, say }))
        : closing(replayFile(target.path, { speed: target.speed }));
    case "qemu":
      return bootCapture ? bootGuest() : armed(armTarget(target, label, arm));
    case "local":
    case "ssh":
    case "serial":
    case "pty":
    case "unix":
    case "tcp":
      return armed(armTarget(target, label, arm));
  }
}

function armed(agent: AgentSource): OpenTarget {
  return { ...closing(agent), agent };
}

function replayed({ source, agent, phases }: Replay): OpenTarget {
  return { ...(agent === undefined ? closing(source) : armed(agent)), replayed: phases };
}

function closing(source: ByteSource): OpenTarget {
  return { source, close: () => source.close() };
}
