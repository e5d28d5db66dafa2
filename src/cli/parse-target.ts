/** TARGET on the command line: a name from the configuration, or a URL. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { ExitCode, KmemtapError, messageOf } from "../model/errors.ts";
import type { ConsoleLogin, Target } from "../model/target.ts";
import type { Config, TargetSettings } from "./config.ts";
import { hostOf, parseTargetUrl, pathOf, type TargetUrl, usage } from "./target-url.ts";

const FORMS =
  "local:, ssh://root@board, serial:///dev/ttyUSB0?baud=115200, pty:///dev/pts/3, unix:///tmp/console.sock, " +
  "tcp://127.0.0.1:4555, qemu:, file:///tmp/serial.log or replay:///tmp/boot.trace.gz";

/** A password comes from the configuration or from `$KMEMTAP_PASSWORD`, and goes into the target and nowhere else. */
export function parseTarget(text: string, config: Config, env: NodeJS.ProcessEnv = process.env): Target {
  const settings = settingsOf(text, config) ?? { url: text };
  const url = parseTargetUrl(settings.url, Object.hasOwn(config.targets, text) ? text : undefined);
  const target = targetOf(url, settings, env);
  checkSettings(text, settings, target);
  return target;
}

/** The kernel that the configuration names for a target, as `-k` would. */
export function kernelOf(text: string, config: Config): string | undefined {
  const path = settingsOf(text, config)?.kernel;
  return path === undefined ? undefined : fileAt(path);
}

function settingsOf(name: string, { targets }: Config): TargetSettings | undefined {
  if (!Object.hasOwn(targets, name)) return undefined;
  const settings = targets[name];
  return typeof settings === "object" ? settings : { url: settings };
}

function targetOf(url: TargetUrl, settings: TargetSettings, env: NodeJS.ProcessEnv): Target {
  switch (url.scheme) {
    case "file":
      url.allow([]);
      return { kind: "file", path: resolve(pathOf(url, FORMS)) };
    case "replay":
      url.allow(["speed"]);
      return { kind: "replay", path: resolve(pathOf(url, FORMS)), speed: speedOf(url) };
    case "local":
    case "qemu":
      url.allow([]);
      if (url.place !== "")
        throw usage(`${url.shown}: ${url.scheme}: takes nothing behind it`, `use ${url.scheme}: alone`);
      return { kind: url.scheme };
    case "serial":
      url.allow(["baud", "parity", "flow", "data", "stop", "user"]);
      return {
        kind: "serial",
        path: resolve(pathOf(url, FORMS)),
        baud: baudOf(url) ?? 115_200,
        parity: url.oneOf("parity", ["none", "even", "odd"]),
        dataBits: url.oneOf("data", ["8", "7"]) === "8" ? 8 : 7,
        stopBits: url.oneOf("stop", ["1", "2"]) === "1" ? 1 : 2,
        flow: url.oneOf("flow", ["none", "rtscts", "xonxoff"]),
        login: loginOf(url, settings, env),
      };
    case "pty":
      url.allow(["baud", "user"]);
      return {
        kind: "pty",
        path: resolve(pathOf(url, FORMS)),
        ...optional("baud", baudOf(url)),
        parity: "none",
        dataBits: 8,
        stopBits: 1,
        flow: "none",
        login: loginOf(url, settings, env),
      };
    case "unix":
      url.allow(["baud", "user"]);
      return {
        kind: "unix",
        path: resolve(pathOf(url, FORMS)),
        ...optional("baud", baudOf(url)),
        login: loginOf(url, settings, env),
      };
    case "tcp": {
      url.allow(["baud", "user"]);
      const { host, port, user } = hostOf(url, "tcp://127.0.0.1:4555 or tcp://[::1]:4555");
      if (user !== undefined) throw usage(`${url.shown}: a console's user is an option`, `use ?user=${user}`);
      if (port === undefined) throw usage(`${url.shown} names no port`, "use tcp://127.0.0.1:4555 or tcp://[::1]:4555");
      return { kind: "tcp", host, port, ...optional("baud", baudOf(url)), login: loginOf(url, settings, env) };
    }
    case "ssh": {
      url.allow(["identity", "accept-new", "config"]);
      const { host, port, user } = hostOf(url, "ssh://root@board or ssh://root@[fe80::1]:22");
      const identity = url.option("identity") ?? settings.identity;
      const configFile = url.option("config") ?? settings.sshConfig;
      const acceptNew =
        url.option("accept-new") === undefined ? settings.acceptNew : url.oneOf("accept-new", ["0", "1"]) === "1";
      return {
        kind: "ssh",
        host,
        ...optional("port", port),
        ...optional("user", user ?? settings.user),
        ...optional("password", passwordOf(settings, env)),
        ...optional("identity", identity === undefined ? undefined : fileAt(identity)),
        ...optional("configFile", configFile === undefined ? undefined : fileAt(configFile)),
        ...optional("acceptNew", acceptNew),
      };
    }
    default:
      throw usage(`${url.shown} is not a kind of target`, `use ${FORMS}`);
  }
}

/** A setting that the kind of target has no use for must not be taken for one that works. */
function checkSettings(name: string, settings: TargetSettings, { kind }: Target): void {
  const login = ["user", "password", "passwordFile"];
  const isConsole = ["serial", "pty", "unix", "tcp"].includes(kind);
  const takes = [
    ...(isConsole || kind === "ssh" ? login : []),
    ...(kind === "ssh" ? ["identity", "sshConfig", "acceptNew"] : []),
    // Of what kmemtap arms.
    ...(isConsole || kind === "ssh" || kind === "local" ? ["mode", "onOverrun"] : []),
  ];
  const wrong = Object.keys(settings).find((key) => !["url", "kernel", ...takes].includes(key));
  if (wrong === undefined) return;
  const choice = `it takes url, ${[...takes, "kernel"].join(", ")}`;
  throw usage(`target ${name}: ${kind}: has no ${wrong}`, choice);
}

function loginOf(url: TargetUrl, settings: TargetSettings, env: NodeJS.ProcessEnv): ConsoleLogin {
  return {
    ...optional("user", url.option("user") ?? settings.user),
    ...optional("password", passwordOf(settings, env)),
  };
}

function passwordOf({ password, passwordFile }: TargetSettings, env: NodeJS.ProcessEnv): string | undefined {
  if (password !== undefined) return password;
  if (passwordFile === undefined) return env["KMEMTAP_PASSWORD"];
  try {
    return readFileSync(fileAt(passwordFile), "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new KmemtapError("config/invalid", `passwordFile: ${messageOf(cause)}`, {
      nextStep: "give a file that this user can read, with the password on its first line",
      exitCode: ExitCode.wrongUse,
      cause,
    });
  }
}

/** No shell has seen a `~` that stands in the middle of a word, or in a file. */
function fileAt(path: string): string {
  return resolve(path.startsWith("~/") ? join(homedir(), path.slice(2)) : path);
}

function baudOf(url: TargetUrl): number | undefined {
  const text = url.option("baud");
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) >= 50 && Number(text) <= 4_000_000) return Number(text);
  throw usage(`${url.shown}: baud is not a baud rate`, "use a number such as 9600, 115200 or 1500000");
}

function speedOf(url: TargetUrl): number {
  const text = url.option("speed") ?? "1";
  const speed = Number(text);
  if (text.trim() !== "" && Number.isFinite(speed) && speed >= 0) return speed;
  throw usage(
    `${url.shown}: speed is not a number`,
    "1 plays at the recorded speed, 10 ten times as fast, 0 as fast as it reads",
  );
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}
