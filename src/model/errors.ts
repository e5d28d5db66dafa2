/**
 * Trouble an operator can act on. What a device sent is never an error: it is data, counted and shown.
 */

/** Exit status of every command (documented in the README). */
export const ExitCode = {
  done: 0,
  gateFailed: 1,
  wrongUse: 2,
  targetFailed: 3,
  eventsLost: 4,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Grouped by room, so that a log can be searched by where it went wrong. */
export type ErrorCode =
  | "config/invalid"
  | "cli/usage"
  | "input/missing"
  | "input/empty"
  | "input/not-a-trace"
  | "input/unreadable"
  | "output/unwritable"
  | "symbols/not-elf"
  | "symbols/damaged"
  | "symbols/no-kernel"
  | "symbols/wrong-build"
  | "server/listen"
  | "link/unreachable"
  | "link/refused"
  | "link/host-key"
  | "link/auth"
  | "link/lost"
  | "link/timeout"
  | "console/no-answer"
  | "console/no-shell"
  | "console/login"
  | "agent/upload"
  | "agent/refused"
  | "target/unsupported"
  | "target/failed"
  | "target/no-qemu";

export interface KmemtapErrorOptions {
  /** What the operator can do about it, one line. */
  readonly nextStep?: string;
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
}

/** One line on what failed (`message`), one on what to do (`nextStep`). */
export class KmemtapError extends Error {
  override readonly name = "KmemtapError";
  readonly code: ErrorCode;
  readonly nextStep: string | undefined;
  readonly exitCode: ExitCode;

  constructor(code: ErrorCode, message: string, options: KmemtapErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.nextStep = options.nextStep;
    this.exitCode = options.exitCode ?? ExitCode.targetFailed;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The system's code of a failed call (`ENOENT`), where it has one. */
export function systemCodeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}
