import type { AskSecret } from "../model/ports.ts";

/**
 * Gives the answers again, in the order they were given, to a second connection that asks the same: {@link next} makes its
 * `ask`.
 */
export function rememberAnswers(ask: AskSecret): { next(): AskSecret } {
  const answers = new Map<string, (string | undefined)[]>();
  return {
    next: () => {
      const asked = new Map<string, number>();
      return async (prompt) => {
        const nth = asked.get(prompt) ?? 0;
        asked.set(prompt, nth + 1);
        const given = answers.get(prompt) ?? [];
        answers.set(prompt, given);
        if (nth >= given.length) given.push(await ask(prompt));
        return given[nth];
      };
    },
  };
}
