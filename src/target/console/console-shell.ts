/** A serial console as a {@link Shell}: one command after the other, each with its output and its status. */
import { setTimeout as sleep } from "node:timers/promises";
import { KmemtapError } from "../../model/errors.ts";
import type { CommandResult, DuplexStream, LinkFacts, RunningScript, Shell } from "../../model/ports.ts";
import { tookTooLong } from "../../transport/run-to-end.ts";
import { ConsoleLine } from "./console-line.ts";
import { enterLoop } from "./enter-loop.ts";
import { findShell, type FoundShell } from "./find-shell.ts";
import { interrupt, killJob } from "./interrupt.ts";
import type { LoginContext } from "./login.ts";
import type { RemoteLoop } from "./remote-loop.ts";
import { runCommand } from "./run-command.ts";
import { type ScriptEnd, startScript } from "./run-script.ts";
import { prepareTerminal, restoreCommand, type Terminal } from "./terminal.ts";

/** To come back to the shell after something went wrong in it. */
const RECOVERY_MS = 45_000;
const CLOSE_LIMIT_MS = 3000;

export class ConsoleShell implements Shell {
  readonly link: LinkFacts;
  readonly concurrent = false;
  readonly #line: ConsoleLine;
  readonly #context: LoginContext;
  #found: FoundShell | undefined;
  #loop: RemoteLoop | undefined;
  #terminal: Terminal | undefined;
  #script: RunningScript | undefined;
  /** Resolves when what has the console now is done with it. */
  #turn: Promise<unknown> = Promise.resolve();
  #busy = false;
  #closed: Promise<void> | undefined;

  constructor(stream: DuplexStream, link: LinkFacts, context: LoginContext) {
    this.link = link;
    this.#line = new ConsoleLine(stream);
    this.#context = context;
  }

  /** Finds the shell and makes it usable. */
  async open(timeoutMs: number): Promise<void> {
    const before = this.#found;
    const found = await findShell(this.#line, this.#context, Date.now() + timeoutMs);
    this.#found = {
      check: found.check,
      loggedIn: found.loggedIn || before?.loggedIn === true,
      nested: found.nested || before?.nested === true,
    };
    const loop = await enterLoop(this.#line, found.check);
    this.#terminal = await prepareTerminal(loop, this.#terminal);
    this.#loop = loop;
  }

  run(command: string, options: { readonly timeoutMs?: number } = {}): Promise<CommandResult> {
    return this.#inTurn(async () => {
      const { loop, terminal } = await this.#ready();
      try {
        return await runCommand(loop, terminal, command, options.timeoutMs);
      } catch (thrown) {
        await this.#afterFailure(loop, thrown);
        const { timeoutMs } = options;
        const isLate = thrown instanceof KmemtapError && thrown.code === "link/timeout" && timeoutMs !== undefined;
        throw isLate ? tookTooLong(this.link.label, command, timeoutMs) : thrown;
      }
    });
  }

  start(script: string, args: readonly string[]): Promise<RunningScript> {
    return new Promise((resolve, reject) => {
      // The turn lasts until the script has ended; the caller has it as soon as it has begun.
      void this.#inTurn(async () => {
        const { loop } = await this.#ready();
        let ended: (end: ScriptEnd) => void = () => undefined;
        const end = new Promise<ScriptEnd>((done) => (ended = done));
        this.#script = await startScript(loop, script, args, (how) => ended(how));
        resolve(this.#script);
        const how = await end;
        if (how === "stuck") await killJob(loop);
        if (typeof how !== "number") this.#loop = undefined;
        this.#script = undefined;
      }).catch(reject);
    });
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#leave());
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#closed !== undefined) throw new KmemtapError("link/lost", "the console was closed");
      this.#busy = true;
      try {
        return await work();
      } finally {
        this.#busy = false;
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #ready(): Promise<{ loop: RemoteLoop; terminal: Terminal }> {
    if (this.#loop === undefined) await this.open(RECOVERY_MS);
    const [loop, terminal] = [this.#loop, this.#terminal];
    if (loop === undefined || terminal === undefined)
      throw new KmemtapError("console/no-shell", "the console has no shell");
    return { loop, terminal };
  }

  /** After a timeout the command is still there; after anything else nobody knows what is. */
  async #afterFailure(loop: RemoteLoop, thrown: unknown): Promise<void> {
    const late = thrown instanceof KmemtapError && thrown.code === "link/timeout";
    const back = late && (await interrupt(loop).catch(() => false));
    if (!back) this.#loop = undefined;
  }

  async #leave(): Promise<void> {
    await this.#script?.close();
    try {
      await this.#endTurn();
      await this.#restore();
    } catch {
      // The link is gone, or nobody answers: there is nothing left to put back by.
    }
    await this.#line.close();
  }

  /** Ends a command that is still running; what it was run for fails. */
  async #endTurn(): Promise<void> {
    for (let tries = 0; this.#busy && tries < 3; tries++) {
      await this.#line.type("\x03");
      await Promise.race([this.#turn, sleep(CLOSE_LIMIT_MS)]);
    }
    if (this.#busy) this.#loop = undefined;
  }

  async #restore(): Promise<void> {
    const [loop, terminal] = [this.#loop, this.#terminal];
    if (terminal === undefined || this.#found === undefined) return;
    const restore = restoreCommand(terminal);
    const { loggedIn, nested } = this.#found;
    if (loop === undefined) {
      // At a prompt, most likely; a line of text does no harm anywhere else.
      await this.#line.type(`\x03\x15 ${restore}\n`);
    } else {
      await loop.exchange(restore, { deadline: Date.now() + CLOSE_LIMIT_MS });
      await loop.tell("exit");
    }
    await this.#line.listen(300, CLOSE_LIMIT_MS);
    // Each in its own line and time: the shell outside reads nothing before the one inside has ended.
    for (const leaves of [nested, loggedIn]) {
      if (!leaves) continue;
      await this.#line.type("\x15 exit\n");
      await this.#line.listen(500, CLOSE_LIMIT_MS);
    }
  }
}
