/**
 * The server answers this machine alone: it listens on loopback, and a page from elsewhere cannot make a browser ask for
 * it, neither by a WebSocket (Origin) nor through a name that it had resolve to 127.0.0.1 (Host).
 */
import { isIP } from "node:net";
import { ExitCode, KmemtapError } from "../model/errors.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** `PORT`, `HOST:PORT` or `HOST`; refuses what is not this machine. */
export function parseListenAddress(text: string, defaultPort: number): ListenAddress {
  const match = /^(?:(\[[^\]]+\]|[^:]*?)(?::(\d+))?|(\d+))$/.exec(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text);
  const host = (match?.[1] ?? "") || "127.0.0.1";
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (match === null || port > 65535) {
    throw new KmemtapError("cli/usage", `--serve ${text} is not an address`, {
      nextStep: "give HOST:PORT or PORT, for example 127.0.0.1:8642",
      exitCode: ExitCode.wrongUse,
    });
  }
  const bare = host.replace(/^\[|\]$/g, "");
  if (!LOOPBACK_NAMES.has(host) && bare !== "::1" && !(isIP(bare) === 4 && bare.startsWith("127."))) {
    throw new KmemtapError("cli/usage", `--serve ${text} is not an address of this machine alone`, {
      nextStep: "listen on 127.0.0.1 and reach it through a tunnel: ssh -L 8642:127.0.0.1:8642 HOST",
      exitCode: ExitCode.wrongUse,
    });
  }
  return { host: bare, port };
}

/** True where the Host header, and the Origin if there is one, name this machine. */
export function isLocalRequest(host: string | undefined, origin: string | undefined): boolean {
  if (!isLoopbackName(host)) return false;
  if (origin === undefined) return true;
  return origin === `http://${host}`;
}

function isLoopbackName(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, "");
  return LOOPBACK_NAMES.has(name) || (isIP(name) === 4 && name.startsWith("127."));
}
