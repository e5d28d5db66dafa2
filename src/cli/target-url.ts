/** The parts of a target's URL, checked; what is wrong is said without any password that was written into it. */
import { resolve } from "node:path";
import { ExitCode, KmemtapError } from "../model/errors.ts";

export interface TargetUrl {
  /** As it was written, fit to be shown. */
  readonly shown: string;
  readonly scheme: string;
  /** Between the scheme and the options. */
  readonly place: string;
  option(key: string): string | undefined;
  /** An option with a set of values, the first of which is its default. */
  oneOf<T extends string>(key: string, values: readonly [T, ...T[]]): T;
  /** Refuses options that are not among `known`: a mistyped one must not be taken for its default. */
  allow(known: readonly string[]): void;
}

export interface HostPart {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

const PASSWORD_NEXT =
  "put it into the configuration or $KMEMTAP_PASSWORD, or wait for the prompt: other users see what is typed here";

/** @param name under which the configuration has it */
export function parseTargetUrl(text: string, name: string | undefined): TargetUrl {
  const shown = withoutPassword(text);
  const match = /^([a-z]+):(?:\/\/)?([^?]*)(?:\?(.*))?$/s.exec(text);
  const [, scheme = "", place = "", query = ""] = match ?? [];
  if (match === null) {
    const what =
      name === undefined
        ? `${shown} is neither a URL nor a name from the configuration`
        : `target ${name}: ${shown} is no URL`;
    throw usage(what, nextFor(shown));
  }
  // A + is a letter like any other in a path.
  const options = new URLSearchParams(query.replaceAll("+", "%2B"));
  if (options.has("password") || options.has("passphrase"))
    throw usage(`${shown}: a password has no place in a URL`, PASSWORD_NEXT);
  return {
    shown,
    scheme,
    place,
    option: (key) => options.get(key) ?? undefined,
    oneOf: (key, values) => {
      const given = options.get(key) ?? values[0];
      const found = values.find((value) => value === given);
      if (found === undefined)
        throw usage(`${shown}: ${key} cannot be ${given}`, `use ${key}=${values.join(` or ${key}=`)}`);
      return found;
    },
    allow: (known) => {
      for (const key of options.keys()) {
        if (!known.includes(key)) {
          const choice =
            known.length > 0 ? `it takes ${known.join(", ")}` : "it takes no options; write a ? in a path as %3F";
          throw usage(`${shown}: there is no option ${key}`, choice);
        }
        if (options.getAll(key).length > 1) throw usage(`${shown}: ${key} is given twice`, "give it once");
        if (options.get(key) === "") throw usage(`${shown}: ${key} has no value`, `use ${key}=VALUE`);
      }
    },
  };
}

/** The path, which may be relative (`file:serial.log`): that is what one types. */
export function pathOf({ shown, place }: TargetUrl, forms: string): string {
  if (place === "") throw usage(`${shown} names no file`, `use ${forms}`);
  try {
    return decodeURIComponent(place);
  } catch {
    throw usage(`${shown}: a % in it is not followed by two hexadecimal digits`, "write a literal % as %25");
  }
}

/** `[user@]host[:port]`; an IPv6 address stands in brackets. */
export function hostOf({ shown, place }: TargetUrl, form: string): HostPart {
  const match = /^(?:([^@]*)@)?(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s@:/[\]]+))(?::(\d+))?\/?$/.exec(place);
  const [user, port] = [match?.at(1), match?.at(4)];
  const host = match?.at(2) ?? match?.at(3);
  if (user?.includes(":") === true) throw usage(`${shown}: a password has no place in a URL`, PASSWORD_NEXT);
  // A name that begins with a dash would be an option of ssh.
  if (host === undefined || host.startsWith("-") || user === "") throw usage(`${shown} names no host`, `use ${form}`);
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    throw usage(`${shown}: ${port} is not a port`, "use a number from 1 to 65535");
  return {
    host,
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(user === undefined ? {} : { user: decoded(user) }),
  };
}

export function usage(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("cli/usage", message, { nextStep, exitCode: ExitCode.wrongUse });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withoutPassword(text: string): string {
  // Up to the last @: a password may hold what ends it elsewhere.
  return text.replace(/(\/\/[^/@:]*:).*@/s, "$1…@").replace(/([?&]pass\w*=)[^&]*/gi, "$1…");
}

/** What somebody who wrote no URL may have meant. */
function nextFor(text: string): string {
  if (text.startsWith("/dev/pts/")) return `for a pseudo-terminal: pty://${text}`;
  if (text.startsWith("/dev/")) return `for a serial line: serial://${text}?baud=115200`;
  if (text.includes("/"))
    return `for a file that is being written: file://${resolve(text)}; for a recording: replay://${resolve(text)}`;
  return `name it under targets: in the configuration, or give a URL: local:, ssh://root@${text}, file://${resolve(text)}`;
}
