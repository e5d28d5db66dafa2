/** Where the server listens, and which names of it are this machine alone. */
import { isIP } from "node:net";
import { ExitCode, KmemtapError } from "../../model/errors.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/** `PORT`, `HOST:PORT` or `HOST`. */
export function parseListenAddress(text: string, defaultPort: number): ListenAddress {
  const match = /^(?:(\[[^\]]+\]|[^:\s/]*?)(?::(\d+))?|(\d+))$/.exec(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text);
  const host = ((match?.[1] ?? "") || "127.0.0.1").replace(/^\[|\]$/g, "");
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (match === null || port > 65535) {
    throw new KmemtapError("cli/usage", `--serve ${text} is not an address`, {
      nextStep: "give HOST:PORT or PORT, for example 127.0.0.1:8642",
      exitCode: ExitCode.wrongUse,
    });
  }
  return { host, port };
}

/** A name or address that only this machine reaches; `[::1]` and `::1` alike. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || (isIP(host) === 4 && host.startsWith("127."));
}
