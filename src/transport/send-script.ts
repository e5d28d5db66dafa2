/**
 * A script travels on the standard input of the shell that runs it: so it may be of any length, no login shell has a say in its
 * quoting, and no list of processes shows it.
 */

/** What a remote or local shell is told to do, and what it must be sent before anything else. */
export interface SentScript {
  /** For `sh -c`: without quotes but double ones, without arguments. */
  readonly loader: string;
  readonly script: Buffer;
}

export interface SendOptions {
  /** The script reads nothing, and its standard error comes with its output. */
  readonly plain?: boolean;
}

/**
 * `dd bs=1` takes the script's bytes and not one more: what follows is the script's own input. The braces keep the shell from
 * running the first half of a script whose second half was lost with the link.
 */
export function sendScript(script: string, args: readonly string[], { plain = false }: SendOptions = {}): SentScript {
  const body = Buffer.from(`{ :\nset -- ${args.map(quote).join(" ")}\n${script}\n}`);
  const read = `$(dd bs=1 count=${body.length} 2>/dev/null)`;
  const loader = plain ? `kmemtap="${read}"; exec </dev/null 2>&1; eval "$kmemtap"` : `eval "${read}"`;
  return { loader, script: body };
}

/** One word of POSIX sh. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
