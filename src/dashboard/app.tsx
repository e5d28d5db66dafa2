/** What is on the page, from top to bottom. */
import { useMemo, useState } from "preact/hooks";
import type { TargetSummary } from "../model/wire.ts";
import { Alerts } from "./alerts/alerts.tsx";
import { Controls, openMark } from "./control/controls.tsx";
import { Callers } from "./callers/callers.tsx";
import { FILTER_ID } from "./callers/filter-field.tsx";
import { PacedTimeline } from "./chart/paced-timeline.tsx";
import { Glance } from "./glance/glance.tsx";
import { Help } from "./keys/help.tsx";
import type { Command } from "./keys/key-map.ts";
import { useKeys } from "./keys/use-keys.ts";
import { LossBanner } from "./loss/loss-banner.tsx";
import { ConnectionNotice } from "./parts/connection-notice.tsx";
import { ExactContext } from "./parts/exact-context.ts";
import { Locked } from "./parts/locked.tsx";
import { Masthead } from "./parts/masthead.tsx";
import { Progress } from "./parts/progress.tsx";
import { useDocumentMarks } from "./parts/use-document-marks.ts";
import type { Account } from "./state/page-state.ts";
import { clockMs, connection, page, retryNow } from "./state/session.ts";
import { hasTargetPanel, TargetPanel } from "./target/target-panel.tsx";
import { nextTarget } from "./targets/next-target.ts";
import { switchTarget, TargetSwitch } from "./targets/target-switch.tsx";
import { type Clock, clockOf } from "./time/clock.ts";
import { ClockContext } from "./time/moment.tsx";
import { copyLink } from "./tools/share-link.tsx";
import { SNAPSHOT_MENU } from "./tools/snapshot-menu.tsx";
import { PauseNotice, Tools } from "./tools/tools.tsx";
import { changeView, setWindow, view } from "./view/view-store.ts";
import { shown, togglePause } from "./watch/watch.ts";
import { useScope } from "./window/use-scope.ts";

const NO_CLOCK: Clock = { kind: "uptime", nowS: 0 };

export function App() {
  const { account: sent, problem, serverVersion } = shown.value.page;
  // Rights and the list of targets go on while the account is held.
  const { rights, targets, target } = page.value;
  const summary = targets.find(({ id }) => id === target);
  // What was never reached has sums of nothing, which are no account.
  const account = summary?.neverReached === undefined ? sent : null;
  const [isHelp, setHelp] = useState(false);
  const socket = connection.value;
  const stale = socket.phase !== "open" && account !== null;
  useDocumentMarks(account);
  const clock = useMemo(
    () => (account === null ? NO_CLOCK : clockOf(account, view.value.clock)),
    [account, view.value.clock],
  );
  const isLocked = socket.phase === "locked";
  useKeys((command) => {
    if (!isLocked) run(command, () => setHelp(!isHelp));
  });

  // Whoever may not look sees nothing of what there is, nor what could be done with it.
  if (isLocked) return <Locked why={socket.why} version={serverVersion} />;
  return (
    <ExactContext.Provider value={account?.exact ?? true}>
      <ClockContext.Provider value={clock}>
        <div class={stale ? "page page-stale" : "page"}>
          <Masthead account={account} version={serverVersion} clockMs={clockMs.value} stale={stale}>
            {/* Before the server has said a word nobody knows whether one may look. */}
            {serverVersion !== null && (
              <Tools onHelp={() => setHelp(true)}>
                {rights.control && (
                  <Controls target={summary} cpus={account?.target.cpus ?? []} mode={account?.target.mode} />
                )}
              </Tools>
            )}
          </Masthead>
          <ConnectionNotice
            socket={socket}
            problem={problem}
            account={account}
            clockMs={clockMs.value}
            onRetry={retryNow}
          />
          <TargetSwitch targets={targets} shown={target} />
          {account !== null && <PauseNotice />}
          {account !== null && <LossBanner account={account} />}
          {account !== null && <Alerts account={account} clockMs={clockMs.value} />}
          {account !== null && <Progress account={account} />}
          {account === null ? <Empty target={summary} /> : <Main account={account} />}
          {isHelp && <Help onClose={() => setHelp(false)} />}
        </div>
      </ClockContext.Provider>
    </ExactContext.Provider>
  );
}

function Main({ account }: { readonly account: Account }) {
  const scope = useScope(account);
  return (
    <main class={hasTargetPanel(account.target) ? "main main-armed" : "main"}>
      <Glance account={account} />
      <PacedTimeline account={account} used={scope.used} />
      <TargetPanel account={account} />
      <Callers account={account} scope={scope} />
    </main>
  );
}

function run(command: Command, help: () => void): void {
  switch (command) {
    case "help":
      help();
      break;
    case "filter":
      if (view.value.panel === "workload") changeView({ panel: "callers" });
      // The field of another panel is there after the next render.
      requestAnimationFrame(() => {
        const field = document.getElementById(FILTER_ID);
        if (field instanceof HTMLInputElement) field.select();
        field?.focus();
      });
      break;
    case "pause":
      togglePause();
      break;
    case "share":
      copyLink();
      break;
    case "snapshot":
      document.querySelector<HTMLElement>(`[data-testid="${SNAPSHOT_MENU}"] summary`)?.click();
      document.querySelector<HTMLElement>(`[data-testid="${SNAPSHOT_MENU}"] button`)?.focus();
      break;
    case "timeline":
      document.querySelector<HTMLElement>(".chart-frame")?.focus();
      break;
    case "whole":
      if (view.value.window !== null) setWindow(null);
      break;
    case "mark":
      openMark();
      break;
    case "target": {
      const { targets, target } = page.peek();
      const next = nextTarget(targets, target);
      if (next !== null) switchTarget(next);
      break;
    }
    case "callers":
    case "rings":
    case "flame":
    case "leaks":
    case "workload":
    case "compare":
    case "tasks":
      changeView({ panel: command });
  }
}

function Empty({ target }: { readonly target: TargetSummary | undefined }) {
  return (
    <main class="empty">
      {target?.neverReached !== undefined ? (
        <p data-testid="never-reached">
          <b>{target.label} was never reached.</b> {target.neverReached}
        </p>
      ) : target?.state === "failed" ? (
        <p data-testid="failed">
          <b>{target.label} failed.</b> {target.detail}
        </p>
      ) : (
        <p>No account yet. It appears here as soon as kmemtap sends its first snapshot.</p>
      )}
    </main>
  );
}
