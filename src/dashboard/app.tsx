/** What is on the page, from top to bottom. */
import { Alerts } from "./alerts/alerts.tsx";
import { Callers } from "./callers/callers.tsx";
import { NetChart } from "./chart/net-chart.tsx";
import { Glance } from "./glance/glance.tsx";
import { LossBanner } from "./loss/loss-banner.tsx";
import { ConnectionNotice } from "./parts/connection-notice.tsx";
import { ExactContext } from "./parts/exact-context.ts";
import { Masthead } from "./parts/masthead.tsx";
import { Progress } from "./parts/progress.tsx";
import { useDocumentMarks } from "./parts/use-document-marks.ts";
import { clockMs, connection, page, retryNow } from "./state/session.ts";
import { hasTargetPanel, TargetPanel } from "./target/target-panel.tsx";

export function App() {
  const { account, problem, serverVersion } = page.value;
  const socket = connection.value;
  const stale = socket.phase !== "open" && account !== null;
  useDocumentMarks(account);

  return (
    <ExactContext.Provider value={account?.exact ?? true}>
      <div class={stale ? "page page-stale" : "page"}>
        <Masthead account={account} version={serverVersion} clockMs={clockMs.value} stale={stale} />
        <ConnectionNotice
          socket={socket}
          problem={problem}
          account={account}
          clockMs={clockMs.value}
          onRetry={retryNow}
        />
        {account !== null && <LossBanner account={account} />}
        {account !== null && <Alerts account={account} clockMs={clockMs.value} />}
        {account !== null && <Progress account={account} />}
        {account === null ? (
          <Empty />
        ) : (
          <main class={hasTargetPanel(account.target) ? "main main-armed" : "main"}>
            <Glance account={account} />
            <NetChart account={account} />
            <TargetPanel account={account} />
            <Callers account={account} />
          </main>
        )}
      </div>
    </ExactContext.Provider>
  );
}

function Empty() {
  return (
    <main class="empty">
      <p>No account yet. It appears here as soon as kmemtap sends its first snapshot.</p>
    </main>
  );
}
