/** A guest with every kind of line into it, and ways to act in it that owe nothing to the product. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ShellTarget } from "../../../src/model/target.ts";
import type { BootKernel } from "../../../src/target/qemu/boot-kernel.ts";
import type { GuestSsh } from "../../../src/target/qemu/guest-ssh.ts";
import type { GuestSerial, SerialSpec } from "../../../src/target/qemu/serial-lines.ts";
import { bootShellGuest, type ShellGuest, type ShellGuestOptions } from "../../../src/target/qemu/shell-guest.ts";
import { until } from "../../support/until.ts";
import { sshOutput } from "./plain-ssh.ts";
import { tellIfGone } from "./tell-if-gone.ts";
import { type RunInGuest, stateChanges, takeTruth, TRACEFS_STATE } from "./truth.ts";

export interface Lab {
  readonly guest: ShellGuest;
  readonly ssh: GuestSsh;
  /** A UART on a Unix socket, on a pseudo-terminal, and in a file; each with a shell but the last. A PC has them. */
  readonly unix: GuestSerial;
  readonly pty: GuestSerial;
  readonly file: GuestSerial;
  /** Any command, by OpenSSH: thousands of kernel events each. */
  readonly run: RunInGuest;
  /** A command by a shell that waits on a virtio port: makes no events but the command's own. */
  readonly quiet: RunInGuest;
  readonly truth: () => Promise<string>;
  readonly state: () => Promise<string>;
  /** What differs from `before`, a line each. */
  readonly changesSince: (before: string) => Promise<string[]>;
  /** The guest's SSH as a target: of the command line, and parsed, by way of another port where one is given. */
  readonly sshUrl: (port?: number) => string;
  readonly sshTarget: (port?: number) => ShellTarget;
  close(): Promise<void>;
}

const PC_LINES: readonly SerialSpec[] = [{ kind: "unix" }, { kind: "pty" }, { kind: "file", name: "uart" }];

export async function bootLab(options: Pick<ShellGuestOptions, "kernel"> = {}): Promise<Lab> {
  const guest = await bootShellGuest({
    ...options,
    memoryMb: 1024,
    ssh: true,
    reboots: true,
    serials: [
      { kind: "file", device: "port", name: "truth" },
      { kind: "unix", device: "port", name: "quiet" },
      ...(isPc(options.kernel) ? PC_LINES : []),
    ],
  });
  const closing = tellIfGone(guest);
  const { ssh } = guest;
  if (ssh === undefined) throw new Error("the guest has no ssh");
  const dir = mkdtempSync(join(tmpdir(), "kmemtap-lab-"));
  const configFile = sshConfig(ssh, dir);
  const [truth, quietLine, unix, pty, file] = guest.serials;
  const run: RunInGuest = (command) => sshOutput(ssh, command);
  // At once: while nobody is at the port, its shell ends and is started anew every second.
  const quiet = quietShell(quietLine.path);
  await quiet.run(":");
  const state = () => run(TRACEFS_STATE);
  const place = (port = ssh.port) => ({ host: "127.0.0.1", port, user: "root" }) as const;
  return {
    guest,
    ssh,
    unix,
    pty,
    file,
    run,
    quiet: (command) => quiet.run(command),
    truth: () => takeTruth(run, truth),
    state,
    changesSince: async (before) => stateChanges(before, await state()),
    sshUrl: (port = ssh.port) => `ssh://root@127.0.0.1:${port}?config=${configFile}`,
    sshTarget: (port) => ({ kind: "ssh", ...place(port), configFile }),
    close: async () => {
      closing();
      quiet.close();
      await guest.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function isPc(kernel: BootKernel | undefined): boolean {
  return kernel === undefined || kernel.arch === "amd64";
}

/** A shell without a terminal: what is sent is not echoed. */
export function quietShell(path: string): { run: RunInGuest; close(): void } {
  const socket = connect({ path });
  let said = "";
  socket.setEncoding("latin1").on("data", (text: string) => (said += text));
  socket.on("error", () => undefined);
  let commands = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const perform = async (command: string): Promise<string> => {
    const end = new RegExp(`<end ${++commands} (\\d+)>\n`);
    said = "";
    socket.write(`{ ${command}\n} </dev/null 2>&1; echo "<end ${commands} $?>"\n`);
    await until(`the end of ${command.slice(0, 80)}`, () => end.test(said), 120_000);
    const match = end.exec(said);
    const output = said.slice(0, match?.index);
    if (match?.[1] !== "0") throw new Error(`in the guest, \`${command}\` ended with ${match?.[1]}: ${output}`);
    return output;
  };
  return {
    run: (command) => {
      const result = turn.then(() => perform(command));
      turn = result.catch(() => undefined);
      return result;
    },
    close: () => socket.destroy(),
  };
}

/** Whatever port it is reached by, it is the guest's key. */
function sshConfig(ssh: GuestSsh, dir: string): string {
  const file = join(dir, "ssh_config");
  const lines = [
    "Host *",
    `HostKeyAlias [127.0.0.1]:${ssh.port}`,
    `UserKnownHostsFile ${ssh.knownHostsFile}`,
    "GlobalKnownHostsFile /dev/null",
    `IdentityFile ${ssh.identityFile}`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
  ];
  writeFileSync(file, lines.join("\n") + "\n");
  return file;
}
