/** Who waits for an answer that takes the server long, or is long itself, and whose turn it is. */
import { performance } from "node:perf_hooks";
import { WorkShare } from "./work-share.ts";

/** Answers to one who asks that are made, or were made and not taken by the network: each may have tens of MB. */
const AT_ONCE = 4;
/** Questions of one that wait. */
const MAX_WAITING = 32;
/** While one is awaited that is made elsewhere, others begin. */
const LOOK_MS = 25;

export interface Turn {
  /** Resolves when it may be answered; never, where it was left before. */
  readonly begun: Promise<void>;
  /** It is made: the next one may begin. */
  made(): void;
  /** It was taken, or nobody waits for it any more. */
  leave(): void;
}

interface Asker {
  readonly waiting: (() => void)[];
  open: number;
}

export class Turns {
  readonly #share = new WorkShare();
  readonly #askers = new Map<string, Asker>();
  #timer: NodeJS.Timeout | undefined;

  /** Undefined where too many questions of this one wait. */
  ask(who: string): Turn | undefined {
    const asker = this.#askers.get(who) ?? { waiting: [], open: 0 };
    if (asker.waiting.length >= MAX_WAITING) return undefined;
    this.#askers.set(who, asker);
    let activeMs: number | undefined;
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = () => {
        activeMs = activeSinceStart();
        asker.open += 1;
        resolve();
      };
    });
    asker.waiting.push(begin);
    this.#look();
    let isMade = false;
    const made = () => {
      if (isMade || activeMs === undefined) return;
      isMade = true;
      this.#share.spend(who, activeSinceStart() - activeMs);
    };
    let isLeft = false;
    return {
      begun,
      made,
      leave: () => {
        if (isLeft) return;
        isLeft = true;
        made();
        if (activeMs !== undefined) asker.open -= 1;
        else asker.waiting.splice(asker.waiting.indexOf(begin), 1);
        if (asker.open === 0 && asker.waiting.length === 0) this.#askers.delete(who);
        // Of many who go away at once none is answered yet.
        this.#lookLater();
      },
    };
  }

  /** Begins one, where time is left; between two of them the capture is read. */
  #look(): void {
    if (this.#timer !== undefined) return;
    if (this.#share.isFree()) this.#beginOne();
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#timer !== undefined || ![...this.#askers.values()].some(canBegin)) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, this.#waitMs());
    this.#timer.unref();
  }

  #waitMs(): number {
    return this.#share.isIdle() ? 0 : LOOK_MS;
  }

  #beginOne(): void {
    const able = [...this.#askers].filter(([, asker]) => canBegin(asker)).map(([who]) => who);
    const who = this.#share.next(able);
    if (who !== undefined) this.#askers.get(who)?.waiting.shift()?.();
  }
}

function canBegin({ waiting, open }: Asker): boolean {
  return waiting.length > 0 && open < AT_ONCE;
}

/** Milliseconds that this thread did something in: what is made elsewhere, and awaited, is not in it. */
function activeSinceStart(): number {
  return performance.eventLoopUtilization().active;
}
