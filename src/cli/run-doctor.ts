import { ExitCode } from "../model/errors.ts";
import { formatDoctor } from "../report/doctor-report.ts";
import { examineTarget } from "../target/doctor/examine-target.ts";
import { numberOf } from "./arm-options.ts";
import { askSecret } from "./ask-secret.ts";
import { loadConfig } from "./config.ts";
import { parseTarget } from "./parse-target.ts";
import { writeOutput } from "./write-output.ts";

export interface DoctorCommandOptions {
  readonly bufferKb?: string;
  readonly clean?: true;
  readonly json?: true;
  readonly config?: string;
}

/** Prints what was found of the target; 3 where something keeps it from being captured. */
export async function runDoctor(targetText: string, options: DoctorCommandOptions): Promise<ExitCode> {
  const config = loadConfig(options.config);
  const doctor = await examineTarget(parseTarget(targetText, config), targetText, {
    bufferKb: numberOf("--buffer-kb", options.bufferKb, 4, 4_194_304) ?? config.overrun.bufferKb,
    clean: options.clean === true,
    ask: askSecret,
  });
  await writeOutput("-", options.json === true ? `${JSON.stringify(doctor, null, 2)}\n` : formatDoctor(doctor));
  return doctor.checks.some(({ status }) => status === "problem") ? ExitCode.targetFailed : ExitCode.done;
}
