/** What cannot be asked of a kmemtap that runs: it has armed the target, and accounts what comes. */
import { usage } from "../arm-options.ts";

/** What commander calls an option, as it is written. */
const WRITTEN = (name: string) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * @param options of the command
 * @param known those that have an effect on the account of a running kmemtap
 * @throws {KmemtapError} `cli/usage`
 */
export function checkServed(options: object, known: readonly string[]): void {
  const foreign = Object.entries(options).find(([name, value]) => value !== undefined && !known.includes(name));
  if (foreign !== undefined)
    throw usage(
      `${WRITTEN(foreign[0])}: the kmemtap at that address has armed the target, and accounts it`,
      "leave it out, or capture the target itself",
    );
}
