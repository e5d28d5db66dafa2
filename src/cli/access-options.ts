/** Who may look and act, as the configuration and the command line say. */
import { readFileSync, statSync } from "node:fs";
import { ExitCode, KmemtapError, messageOf } from "../model/errors.ts";
import type { AccessSettings } from "../server/access/access.ts";
import type { Rights, Token } from "../server/access/tokens.ts";
import type { AccessConfig, TokenSettings } from "./config.ts";

export interface AccessOptions {
  /** A file with a token that may look and act. */
  readonly tokenFile?: string | undefined;
  readonly readOnly?: boolean | undefined;
}

/** A token that is guessed is none: 16 characters of a password generator are about 95 bits. */
const LEAST_LENGTH = 16;
/** Permissions of others than the owner. */
const OTHERS = 0o077;

/** @throws {KmemtapError} `config/invalid` where a token is not there, too short, or for anybody to read */
export function accessOf(config: AccessConfig, options: AccessOptions): AccessSettings {
  const { tokens, hosts, proxy, limits } = config;
  const given: TokenSettings[] =
    options.tokenFile === undefined
      ? tokens
      : [...tokens, { name: "--token-file", tokenFile: options.tokenFile, rights: ["read", "control"] }];
  return {
    tokens: given.map(tokenOf),
    hosts,
    ...(proxy !== undefined && { proxy: { addresses: proxy.addresses, rights: rightsOf(proxy.rights) } }),
    readOnly: options.readOnly === true || config.readOnly,
    limits,
  };
}

function tokenOf(settings: TokenSettings, index: number): Token {
  const { name = `token ${index + 1}`, token, tokenFile, rights } = settings;
  if ((token === undefined) === (tokenFile === undefined))
    throw invalid(`access.tokens: ${name} has not one of token and tokenFile`, "give either");
  const secret = token ?? fileContent(tokenFile ?? "");
  if (secret.length < LEAST_LENGTH || !/^[\x21-\x7e]+$/.test(secret)) {
    const help = "make one: openssl rand -base64 32";
    throw invalid(`access.tokens: ${name} is not ${LEAST_LENGTH} or more letters without a space`, help);
  }
  return { name, secret, rights: rightsOf(rights) };
}

function fileContent(path: string): string {
  try {
    const { mode } = statSync(path);
    if ((mode & OTHERS) !== 0) throw invalid(`${path}: others may read this token`, `chmod 600 ${path}`);
    return (readFileSync(path, "utf8").split("\n", 1)[0] ?? "").trim();
  } catch (thrown) {
    if (thrown instanceof KmemtapError) throw thrown;
    throw invalid(`cannot read the token: ${messageOf(thrown)}`, "openssl rand -base64 32 >FILE; chmod 600 FILE");
  }
}

/** Whoever acts has to look. */
function rightsOf(rights: readonly ("read" | "control")[]): Rights {
  return { read: true, control: rights.includes("control") };
}

function invalid(message: string, nextStep: string): KmemtapError {
  return new KmemtapError("config/invalid", message, { nextStep, exitCode: ExitCode.wrongUse });
}
