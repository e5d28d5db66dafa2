/** The link between this page and kmemtap, told only when there is something to tell. */
import type { ConnectionState } from "../link/connection.ts";
import { formatAge } from "../format/time.ts";
import { isOver } from "../state/is-over.ts";
import type { Account } from "../state/page-state.ts";
import { Icon } from "./icon.tsx";

/** Quiet for so long is worth a word; a server that has nothing to report may well be quiet for a few seconds. */
const QUIET_MS = 10_000;

interface NoticeProps {
  readonly socket: ConnectionState;
  readonly problem: string | null;
  readonly account: Account | null;
  readonly clockMs: number;
  readonly onRetry: () => void;
}

export function ConnectionNotice({ socket, problem, account, clockMs, onRetry }: NoticeProps) {
  if (problem !== null) {
    return (
      <div class="notice notice-problem" role="alert" data-testid="problem">
        <Icon name="warning" />
        <p>
          <b>This page and its server do not understand each other.</b> {problem}
        </p>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    );
  }
  const staleText = account === null ? "" : ` What you see is ${formatAge(clockMs - account.receivedMs)} old.`;
  if (socket.phase === "down" || (socket.phase === "connecting" && socket.attempt > 1)) {
    return (
      <div class="notice" data-testid="connection" data-phase={socket.phase}>
        <Icon name="unplugged" />
        <p>
          {/* Only the standing part is announced; a countdown read aloud every second would be unbearable. */}
          <b role="status">Not connected to kmemtap.</b>
          {staleText} {attemptText(socket, clockMs)}
        </p>
        <button type="button" onClick={onRetry}>
          Try now
        </button>
      </div>
    );
  }
  if (socket.phase === "open" && account !== null && isQuiet(account, clockMs)) {
    return (
      <div class="notice" data-testid="connection" data-phase="quiet">
        <Icon name="ring" />
        <p>
          <b role="status">No word from kmemtap.</b>
          {staleText} The connection is checked by itself.
        </p>
      </div>
    );
  }
  return null;
}

function attemptText(socket: Extract<ConnectionState, { attempt: number }>, clockMs: number): string {
  if (socket.phase === "connecting") return `Trying now (attempt ${socket.attempt}) …`;
  const inSeconds = Math.max(0, Math.ceil((socket.retryAtMs - clockMs) / 1000));
  return `Attempt ${socket.attempt} in ${inSeconds} s (${socket.why}).`;
}

function isQuiet(account: Account, clockMs: number): boolean {
  return !isOver(account.link) && clockMs - account.receivedMs > QUIET_MS;
}
