import type { Observable } from "rxjs";
import type { ExitCode } from "../model/errors.ts";
import type { ByteSource, TargetReport } from "../model/ports.ts";
import { bootGuest } from "../target/qemu/boot-guest.ts";
import { followFile } from "../transport/follow-file.ts";
import { checkRecording, replayFile } from "../transport/replay-file.ts";
import { filterOf } from "./account-filter.ts";
import { loadConfig } from "./config.ts";
import { parseTarget, type Target } from "./parse-target.ts";
import { untilStopped, watch } from "./watch.ts";

export interface LiveCommandOptions {
  readonly serve?: string;
  readonly malloc?: true;
  readonly cache?: true;
  readonly strict?: true;
  readonly config?: string;
}

/** Watches the target named on the command line until the operator ends it. */
export async function runLive(targetText: string, options: LiveCommandOptions): Promise<ExitCode> {
  const config = loadConfig(options.config);
  const stopped = untilStopped();
  const target = await openTarget(parseTarget(targetText, config));
  try {
    const { source, reports } = target;
    return await watch(source, {
      config,
      stopped,
      serve: options.serve,
      filter: filterOf(options),
      strict: options.strict === true,
      ...(reports === undefined ? {} : { reports }),
      onReady: (url) => process.stderr.write(`kmemtap: ${source.label} at ${url}\n`),
    });
  } finally {
    await target.close();
  }
}

interface OpenTarget {
  readonly source: ByteSource;
  readonly reports?: Observable<TargetReport>;
  close(): Promise<void>;
}

async function openTarget(target: Target): Promise<OpenTarget> {
  switch (target.kind) {
    case "file":
      return closingSource(followFile(target.path));
    case "replay":
      await checkRecording(target.path);
      return closingSource(replayFile(target.path, { speed: target.speed }));
    case "qemu":
      return bootGuest();
  }
}

function closingSource(source: ByteSource): OpenTarget {
  return { source, close: () => source.close() };
}
