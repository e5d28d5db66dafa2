/** Questions to the server that the WebSocket does not answer. */
import { ask as askServer } from "../link/token.ts";

export class Refused extends Error {}

/** What {@link Refused} says where there is nothing of the kind, and no fault. */
export const THERE_IS_NONE = "there is none";

/** JSON of what is asked for. Throws {@link Refused} with the server's own words where it will not say. @param path relative to the page */
export async function ask<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const answer = await askServer(path, { ...(signal && { signal }), headers: { accept: "application/json" } });
  // Nothing there, and no fault: the browser's console stays empty.
  if (answer.status === 204) throw new Refused(THERE_IS_NONE);
  const content = (await answer.json().catch(() => null)) as (Answer & { readonly error?: unknown }) | null;
  if (answer.ok && content !== null) return content;
  const why = content?.error;
  throw new Refused(typeof why === "string" ? why : `the server answered ${answer.status}`);
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
