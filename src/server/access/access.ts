/** Who may look and who may act, whichever way a request comes. docs/access.md explains it. */
import { hostname } from "node:os";
import { ExitCode, KmemtapError } from "../../model/errors.ts";
import { isLoopback, type ListenAddress } from "./listen-address.ts";
import type { OriginRules } from "./request-origin.ts";
import { Tickets } from "./tickets.ts";
import { type Bearer, type Rights, type Token, Tokens } from "./tokens.ts";

export interface AccessLimits {
  /** WebSockets at a time. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Of one address, WebSockets that are opened among them. */
  readonly requestsPerSecond: number;
  /** Of one WebSocket. */
  readonly messagesPerSecond: number;
}

export interface AccessSettings {
  readonly tokens: readonly Token[];
  /** Names by which the server is asked, beside this machine's own. */
  readonly hosts: readonly string[];
  /** Reverse proxies that let in whom they know. */
  readonly proxy?: { readonly addresses: readonly string[]; readonly rights: Rights } | undefined;
  /** Nobody acts, whatever a token allows. */
  readonly readOnly: boolean;
  readonly limits: AccessLimits;
}

/** What is asked, as far as it matters for who may ask it. */
export interface Asked {
  /** The peer of the connection itself, not of whom a proxy speaks. */
  readonly peer: string | undefined;
  readonly authorization: string | undefined;
  /** Sec-WebSocket-Protocol of an upgrade; undefined for other requests. */
  readonly protocols: string | undefined;
}

const ANYBODY: Bearer = { name: "this machine", rights: { read: true, control: true } };

export class Access {
  readonly limits: AccessLimits;
  readonly origin: OriginRules;
  readonly tickets = new Tickets();
  readonly #tokens: Tokens;
  readonly #proxy: AccessSettings["proxy"];
  readonly #readOnly: boolean;

  /** @throws {KmemtapError} `cli/usage` where others than this machine could reach what nobody guards */
  constructor({ host }: ListenAddress, settings: AccessSettings) {
    const { tokens, hosts, proxy, readOnly, limits } = settings;
    const isLocal = isLoopback(host);
    if (!isLocal && tokens.length === 0 && proxy === undefined) {
      throw new KmemtapError("cli/usage", `--serve ${host}: others than this machine could reach it, without a token`, {
        nextStep:
          "give --token-file FILE, or listen on 127.0.0.1 and use ssh -L 8642:127.0.0.1:8642 HOST; docs/access.md",
        exitCode: ExitCode.wrongUse,
      });
    }
    this.limits = limits;
    this.#tokens = new Tokens(tokens);
    this.#proxy = proxy;
    this.#readOnly = readOnly;
    const own = isLocal ? [] : [host, hostname()];
    this.origin = {
      hosts: new Set([...hosts, ...own].map((name) => name.toLowerCase())),
      localOnly: isLocal,
      proxied: proxy !== undefined,
    };
  }

  /** Whether nobody gets in without a token. */
  get needsToken(): boolean {
    return this.#tokens.any && this.#proxy === undefined;
  }

  /** Addresses whose word on whom they speak for is taken. */
  get proxies(): readonly string[] {
    return this.#proxy?.addresses ?? [];
  }

  /** Whose request it is; undefined where it is nobody's who may ask. A ticket is spent by that. */
  bearerOf({ peer, authorization, protocols }: Asked): Bearer | undefined {
    const bearer = this.#bearerOf(peer, authorization, protocols);
    if (bearer === undefined) return undefined;
    return this.#readOnly ? { ...bearer, rights: { ...bearer.rights, control: false } } : bearer;
  }

  /** Whether a token or a ticket came with it, right or wrong. */
  isOffered({ authorization, protocols }: Asked): boolean {
    return isBearer(authorization) || this.tickets.isOffered(protocols);
  }

  #bearerOf(peer: string | undefined, authorization: string | undefined, protocols: string | undefined) {
    const ticketed = protocols === undefined ? undefined : this.tickets.redeem(protocols);
    if (ticketed !== undefined) return ticketed;
    const offered = isBearer(authorization);
    const secret = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
    // A token that is wrong is refused, also where none was needed. Another scheme is between a viewer and a proxy.
    if (offered && this.#tokens.any) return secret === undefined ? undefined : this.#tokens.bearerOf(secret);
    const proxy = this.#proxy;
    if (proxy?.addresses.some((address) => addressOf(address) === addressOf(peer)) === true)
      return { name: "the proxy", rights: proxy.rights };
    return this.#tokens.any || proxy !== undefined ? undefined : ANYBODY;
  }
}

function isBearer(authorization: string | undefined): boolean {
  return authorization !== undefined && /^Bearer /i.test(authorization);
}

/** `::ffff:10.0.0.1` is 10.0.0.1, to a socket that hears both. */
export function addressOf(peer: string | undefined): string {
  return peer?.replace(/^::ffff:(?=\d+\.)/, "") ?? "";
}
