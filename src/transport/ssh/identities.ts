/** Private keys in files, and those that an agent holds. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import ssh2, { type BaseAgent, type ParsedKey } from "ssh2";
import { messageOf } from "../../model/errors.ts";
import type { AskSecret } from "../../model/ports.ts";

// ssh2 is CommonJS whose names Node cannot see.
const { createAgent, utils } = ssh2;

const PASSPHRASE_TRIES = 3;

/** A key file that exists. */
export interface KeyFile {
  readonly path: string;
  /** As in the agent, to recognise it there; undefined where only the passphrase would tell. */
  readonly publicKey: Buffer | undefined;
  readonly encrypted: boolean;
  /** The key, unlocked; a text where it cannot be had, which says why. */
  unlock(ask: AskSecret): Promise<ParsedKey | string>;
}

/** The key in `path`; undefined where there is no such file. */
export async function keyFile(path: string): Promise<KeyFile | undefined> {
  const text = await readFile(path).catch(() => undefined);
  if (text === undefined) return undefined;
  const key = parse(text);
  const encrypted = key instanceof Error && /encrypted|passphrase/i.test(key.message);
  const beside = await readFile(`${path}.pub`).catch(() => undefined);
  const open = key instanceof Error ? (beside === undefined ? key : parse(beside)) : key;
  return {
    path: resolve(path),
    publicKey: open instanceof Error ? undefined : open.getPublicSSH(),
    encrypted,
    unlock: async (ask) => {
      if (!(key instanceof Error)) return key.isPrivateKey() ? key : "it is no private key";
      return encrypted ? unlock(text, path, ask) : messageOf(key);
    },
  };
}

async function unlock(text: Buffer, path: string, ask: AskSecret): Promise<ParsedKey | string> {
  for (let attempt = 0; attempt < PASSPHRASE_TRIES; attempt++) {
    const passphrase = await ask(`Passphrase for ${path}: `);
    if (passphrase === undefined) return "its passphrase cannot be asked for: no terminal";
    const key = parse(text, passphrase);
    if (!(key instanceof Error)) return key;
  }
  return "wrong passphrase";
}

function parse(text: Buffer, passphrase?: string): ParsedKey | Error {
  // An array only for formats that hold several keys, which none in use does.
  const parsed = utils.parseKey(text, passphrase) as ParsedKey | ParsedKey[] | Error;
  return Array.isArray(parsed) ? (parsed[0] ?? new Error("it holds no key")) : parsed;
}

/** The keys that the agent at `socket` holds; a text where it does not answer. */
export async function agentKeys(socket: string): Promise<{ agent: BaseAgent; keys: Buffer[] } | string> {
  const agent = createAgent(socket);
  return new Promise((settle) => {
    agent.getIdentities((error, found) => {
      if (error != null) {
        settle(`no agent answers at ${socket}`);
        return;
      }
      // ssh2's own agent gives keys that it has parsed.
      settle({ agent, keys: ((found ?? []) as ParsedKey[]).map((key) => key.getPublicSSH()) });
    });
  });
}

/** The agent, showing some of its keys only: a server ends the connection after a few that it does not know. */
export function agentWith(agent: BaseAgent, keys: readonly Buffer[]): BaseAgent {
  agent.getIdentities = (callback) => callback(undefined, [...keys]);
  return agent;
}
