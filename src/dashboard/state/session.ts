/** The page's state as signals, and the connection that feeds them. */
import { signal } from "@preact/signals";
import type { ServerMessage } from "../../model/wire.ts";
import type { ControlAction, ViewerRequest } from "../../model/wire-request.ts";
import { type Connection, type ConnectionState, connect } from "../link/connection.ts";
import { Requests } from "../link/requests.ts";
import { setToken } from "../link/token.ts";
import { applyMessage, showTarget } from "./apply-message.ts";
import { createFrameGate } from "./frame-gate.ts";
import { isOver } from "./is-over.ts";
import { type PageState, emptyPage } from "./page-state.ts";

/** Nothing heard for so long: ask, because a dead link looks like a silent one from here. */
const ASK_AFTER_MS = 20_000;
/** Still nothing after so long: the link is dead. */
const DROP_AFTER_MS = 35_000;

export const page = signal<PageState>(emptyPage);
export const connection = signal<ConnectionState>({ phase: "connecting", attempt: 1, sinceMs: Date.now() });
/** Wall clock of this viewer, to the second: for ages on the page. */
export const clockMs = signal(Date.now());

let live: Connection | undefined;
const requests = new Requests();
/** Shows another target; undefined before the session has begun. */
let change: ((target: string) => void) | undefined;

/** @param wanted the target to show; where there is none of that id, the first is shown */
export function startSession(url: URL, wanted: string | null): void {
  // Messages are applied as they come, also in a hidden tab where no frame is drawn; only drawing waits for a frame.
  let latest: PageState = { ...emptyPage, target: wanted };
  let heardMs = Date.now();
  let asked = false;
  const draw = createFrameGate(() => (page.value = latest));

  const wire = connect(url, {
    onState: (state) => {
      heardMs = Date.now();
      asked = false;
      connection.value = state;
      // Whoever answers from now on does not know what the last connection was asked.
      if (state.phase !== "open") requests.abandon();
    },
    onText: (text) => {
      heardMs = Date.now();
      asked = false;
      const message = parse(text);
      if (message === null) {
        refuse("The server sent something that is not a kmemtap message.");
        return;
      }
      if (message.type === "reply") requests.settle(message);
      const { state, reply } = applyMessage(latest, message, heardMs);
      latest = state;
      if (reply !== null) send(wire, reply);
      if (state.problem !== null) wire.close();
      draw();
    },
  });
  live = wire;
  change = (target) => {
    const { state, said } = showTarget(latest, target);
    latest = state;
    for (const request of said) send(wire, request);
    draw();
  };

  function refuse(problem: string): void {
    latest = { ...latest, problem };
    wire.close();
    draw();
  }

  setInterval(() => {
    clockMs.value = Date.now();
    // A capture that is over has nothing more to say: its silence means nothing.
    if (connection.value.phase !== "open" || (latest.account !== null && isOver(latest.account.link))) return;
    const quietMs = Date.now() - heardMs;
    if (quietMs > DROP_AFTER_MS) wire.reconnect();
    else if (quietMs > ASK_AFTER_MS && !asked && latest.target !== null) {
      asked = true;
      send(wire, { type: "resync", target: latest.target });
    }
  }, 1000);
}

function send(wire: Connection, request: ViewerRequest): void {
  wire.send(JSON.stringify(request));
}

/** Shows another target of the server's. */
export function chooseTarget(target: string): void {
  change?.(target);
}

/**
 * Has something done to the target that is shown.
 *
 * @returns what was done, in a line, where there is something to say
 * @throws {Error} with the server's words
 */
export function control(action: ControlAction): Promise<string | undefined> {
  const { target } = page.peek();
  if (live === undefined || target === null || connection.peek().phase !== "open")
    return Promise.reject(new Error("there is no connection to kmemtap"));
  const { id, answer } = requests.ask();
  send(live, { type: "control", id, target, action });
  return answer;
}

/** Tries again with a token. */
export function unlock(token: string): void {
  setToken(token);
  live?.reconnect();
}

export function retryNow(): void {
  live?.reconnect();
}

function parse(text: unknown): ServerMessage | null {
  if (typeof text !== "string") return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "type" in value ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}
