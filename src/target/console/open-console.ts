/** A shell over a console's bytes: the one way into this room. */
import type { AskSecret, DuplexStream, LinkFacts, Shell } from "../../model/ports.ts";
import type { ConsoleLogin } from "../../model/target.ts";
import { ConsoleShell } from "./console-shell.ts";

export interface ConsoleOptions {
  readonly login: ConsoleLogin;
  /** Asks the operator for what `login` lacks; undefined where there is nobody to ask. */
  readonly ask: AskSecret;
  /** For finding the shell, with a boot that is under way. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 120_000;

/**
 * Finds the shell behind `stream`, logging in where it must, and makes it usable.
 *
 * The stream belongs to the shell from now on: it is closed with it, and when this fails.
 *
 * @throws {KmemtapError} `console/no-answer`, `console/no-shell`, `console/login`, `link/lost`
 */
export async function openConsole(stream: DuplexStream, link: LinkFacts, options: ConsoleOptions): Promise<Shell> {
  const shell = new ConsoleShell(stream, link, { login: options.login, ask: options.ask, label: link.label });
  try {
    await shell.open(options.timeoutMs ?? TIMEOUT_MS);
    return shell;
  } catch (thrown) {
    await stream.close().catch(() => undefined);
    throw thrown;
  }
}
