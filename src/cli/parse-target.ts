/** TARGET on the command line: a name from the configuration, or a URL. */
import { resolve } from "node:path";
import { ExitCode, KmemtapError } from "../model/errors.ts";
import type { Config } from "./config.ts";

export type Target =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "replay"; readonly path: string; readonly speed: number }
  | { readonly kind: "qemu" };

const FORMS = "file:///tmp/serial.log, replay:///tmp/boot.trace.gz?speed=1 or qemu:";

export function parseTarget(text: string, config: Config): Target {
  const named = Object.hasOwn(config.targets, text) ? config.targets[text] : undefined;
  const url = named ?? text;
  const match = /^([a-z]+):(?:\/\/)?([^?]*)(?:\?(.*))?$/.exec(url);
  if (match === null) {
    const what =
      named === undefined
        ? `${text} is neither a URL nor a name from the configuration`
        : `target ${text}: ${url} is no URL`;
    throw usage(what, `for a file: file://${resolve(url)}`);
  }
  const [, scheme, place, query = ""] = match;
  const options = new URLSearchParams(query);
  switch (scheme) {
    case "file":
      allowOptions(url, options, []);
      return { kind: "file", path: pathOf(url, place) };
    case "replay":
      allowOptions(url, options, ["speed"]);
      return { kind: "replay", path: pathOf(url, place), speed: speedOf(url, options) };
    case "qemu":
      allowOptions(url, options, []);
      if (place !== "") throw usage(`${url}: qemu: takes nothing behind it`, "use qemu: alone");
      return { kind: "qemu" };
    default:
      throw usage(`${url}: ${scheme}: is not a kind of target`, `use ${FORMS}`);
  }
}

/** A mistyped option must not be taken for its default. */
function allowOptions(url: string, options: URLSearchParams, known: readonly string[]): void {
  for (const key of options.keys()) {
    if (known.includes(key)) continue;
    const choice =
      known.length > 0 ? `it takes ${known.join(", ")}` : "it takes no options; write a ? in a path as %3F";
    throw usage(`${url}: there is no option ${key}`, choice);
  }
}

/** Relative paths are allowed (`file:serial.log`): they are what one types. */
function pathOf(url: string, place: string): string {
  if (place === "") throw usage(`${url} names no file`, `use ${FORMS}`);
  try {
    return resolve(decodeURIComponent(place));
  } catch {
    throw usage(`${url}: a % in it is not followed by two hexadecimal digits`, "write a literal % as %25");
  }
}

function speedOf(url: string, query: URLSearchParams): number {
  const text = query.get("speed") ?? "1";
  const speed = Number(text);
  if (text.trim() !== "" && Number.isFinite(speed) && speed >= 0) return speed;
  throw usage(
    `${url}: speed is not a number`,
    "1 plays at the recorded speed, 10 ten times as fast, 0 as fast as it reads",
  );
}

function usage(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("cli/usage", message, { nextStep, exitCode: ExitCode.wrongUse });
}
