/**
 * A page from elsewhere cannot make a browser ask for what is here: neither by a WebSocket or a fetch, which say whose they are
 * (Origin), nor by a picture or a script (Sec-Fetch-Site), nor through a name that it had resolve to this server (Host).
 */
import { isIP } from "node:net";
import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "./listen-address.ts";

export interface OriginRules {
  /** Names beside this machine's own by which the server may be asked, lower case and without a port. */
  readonly hosts: ReadonlySet<string>;
  /** Only loopback names and {@link hosts}; else any address as well, since an address is nobody's to resolve. */
  readonly localOnly: boolean;
  /** A proxy ends TLS: its pages are of https. */
  readonly proxied: boolean;
}

/** Why the request is refused, one line; undefined where it is not. */
export function refusalOf(headers: IncomingHttpHeaders, rules: OriginRules): string | undefined {
  const { host, origin } = headers;
  if (host === undefined || !isOurs(host, rules)) return "kmemtap is not asked by that name";
  if (origin !== undefined && !isSame(origin, host, rules.proxied)) return "kmemtap answers no page from elsewhere";
  // What a page from elsewhere embeds; a link that is followed to here shows what is here, and tells it nothing.
  const isEmbedded = headers["sec-fetch-site"] === "cross-site" && headers["sec-fetch-mode"] !== "navigate";
  return isEmbedded ? "kmemtap is part of no page from elsewhere" : undefined;
}

function isOurs(host: string, { hosts, localOnly }: OriginRules): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (isLoopback(name) && name !== "::1") return true;
  if (hosts.has(name)) return true;
  return !localOnly && isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
}

function isSame(origin: string, host: string, proxied: boolean): boolean {
  return origin === `http://${host}` || (proxied && origin === `https://${host}`);
}
