/** How a connection proves who it is: one method after the other, in the order of OpenSSH, and what was tried. */
import type { AnyAuthMethod, AuthenticationType } from "ssh2";
import type { AskSecret } from "../../model/ports.ts";
import type { SshTarget } from "../../model/target.ts";
import { agentKeys, agentWith, type KeyFile, keyFile } from "./identities.ts";
import type { SshSettings } from "./settings.ts";

export interface Login {
  /** The next method to try, given what the server still takes; undefined when there is none left. */
  next(left: readonly AuthenticationType[]): Promise<AnyAuthMethod | undefined>;
  /** What was tried, fit to be shown. */
  readonly tried: readonly string[];
}

type Credentials = Pick<SshTarget, "identity" | "password">;

const PASSWORD_TRIES = 3;

/** `ask` is asked only for what the server takes; a password that was given is tried once. */
export function login(settings: SshSettings, { identity, password }: Credentials, ask: AskSecret): Login {
  const tried: string[] = [];
  let left: readonly AuthenticationType[] = [];
  const { user: username, hostname } = settings;
  const prompt = `Password for ${username}@${hostname}: `;

  async function* methods(): AsyncGenerator<AnyAuthMethod, undefined> {
    // Answered with what the server takes.
    yield { type: "none", username };
    if (left.includes("publickey")) yield* keys();
    if (left.includes("password")) yield* passwords();
    // Most servers check the same password both ways: what was refused is not sent again.
    if (left.includes("keyboard-interactive")) yield* questions();
    return undefined;
  }

  async function* keys(): AsyncGenerator<AnyAuthMethod> {
    const paths = identity === undefined ? settings.identityFiles : [identity];
    const files = (await Promise.all(paths.map(keyFile))).filter((file) => file !== undefined);
    if (identity !== undefined && files.length === 0) tried.push(`key ${identity} (there is no such file)`);
    const inAgent = yield* fromAgent(files);
    const others = files.filter(({ publicKey }) => !inAgent.some((key) => publicKey?.equals(key) === true));
    // Those that need nobody come first.
    for (const file of others.toSorted((a, b) => Number(a.encrypted) - Number(b.encrypted))) {
      const key = await file.unlock(ask);
      tried.push(typeof key === "string" ? `key ${file.path} (${key})` : `key ${file.path}`);
      if (typeof key !== "string") yield { type: "publickey", username, key };
    }
  }

  /** Gives the keys that were tried. */
  async function* fromAgent(files: readonly KeyFile[]): AsyncGenerator<AnyAuthMethod, readonly Buffer[]> {
    if (settings.agentSocket === undefined) return [];
    const answer = await agentKeys(settings.agentSocket);
    if (typeof answer === "string") {
      tried.push(`agent (${answer})`);
      return [];
    }
    const isOfFile = (key: Buffer) => files.some(({ publicKey }) => publicKey?.equals(key) === true);
    const ofFiles = answer.keys.filter(isOfFile);
    const only = settings.identitiesOnly || identity !== undefined;
    const chosen = only ? ofFiles : [...ofFiles, ...answer.keys.filter((key) => !isOfFile(key))];
    if (chosen.length === 0) return [];
    tried.push(`agent (${chosen.length} ${chosen.length === 1 ? "key" : "keys"})`);
    yield { type: "agent", username, agent: agentWith(answer.agent, chosen) };
    return chosen;
  }

  async function* passwords(): AsyncGenerator<AnyAuthMethod> {
    for (let attempt = 0; attempt < PASSWORD_TRIES && left.includes("password"); attempt++) {
      const answer = (attempt === 0 ? password : undefined) ?? (await ask(prompt));
      if (answer === undefined) {
        tried.push("no password (none is configured, and there is no terminal to ask for it)");
        return;
      }
      tried.push("password");
      yield { type: "password", username, password: answer };
    }
  }

  function* questions(): Generator<AnyAuthMethod> {
    let spare = tried.includes("password") ? undefined : password;
    const person = { isThere: true };
    for (let attempt = 0; attempt < PASSWORD_TRIES && person.isThere; attempt++) {
      if (!left.includes("keyboard-interactive")) return;
      tried.push("keyboard-interactive");
      yield {
        type: "keyboard-interactive",
        username,
        prompt: (_name, _instructions, _lang, prompts, finish) => {
          const answerAll = async () => {
            const answers: string[] = [];
            for (const { prompt: question, echo } of prompts) {
              const given = echo === true ? undefined : spare;
              if (given !== undefined) spare = undefined;
              const answer = given ?? (await ask(`${username}@${hostname}: ${question}`));
              if (answer === undefined) person.isThere = false;
              answers.push(answer ?? "");
            }
            finish(answers);
          };
          void answerAll();
        },
      };
    }
  }

  const sequence = methods();
  return {
    tried,
    next: async (takes) => {
      left = takes;
      const { value } = await sequence.next();
      return value;
    },
  };
}
