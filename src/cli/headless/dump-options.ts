/** Which of its ways `kmemtap snapshot` goes; apart, so that it loads no other. */
export interface DumpOptions {
  readonly every?: string;
  readonly atOverrun?: true;
  readonly onSignal?: true;
  readonly when?: readonly string[];
  readonly format?: string;
}

/** Any of these makes files of a capture; without, it is printed once. */
export function isDump(options: DumpOptions): boolean {
  const { every, atOverrun, onSignal, when, format } = options;
  return [every, atOverrun, onSignal, when, format].some((option) => option !== undefined);
}

export function isServer(targetText: string): boolean {
  return /^https?:\/\//.test(targetText);
}
