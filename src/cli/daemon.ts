import { Command } from "@commander-js/extra-typings";
import type { ExitCode } from "../model/errors.ts";

/** `kmemtap daemon`: the targets of the configuration, for as long as the machine runs. */
export function daemonCommand(exit: (code: ExitCode) => void) {
  return new Command("daemon")
    .description("watch the targets of the configuration: one page, one /metrics, snapshots in files, sinks")
    .option("--config <FILE>", "configuration to read; SIGHUP has it read again")
    .option("--serve <ADDR>", "HOST:PORT to serve on (default: as configured)")
    .addHelpText(
      "after",
      `
Signals: SIGHUP reads the configuration again, SIGUSR1 writes a snapshot of each target, SIGTERM writes the last ones and restores the targets.

Examples:
  kmemtap daemon --config /etc/kmemtap.yaml
  systemctl enable --now kmemtap               contrib/systemd/kmemtap.service, docs/daemon.md`,
    )
    .action(async (options) => {
      const { runDaemon } = await import("./daemon/run-daemon.ts");
      exit(await runDaemon(options));
    });
}
