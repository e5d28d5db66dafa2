/**
 * The token with which this tab asks, where the server wants one. It goes in headers alone, never in a URL; a WebSocket, which can
 * carry no header of ours, is opened with a ticket that works once.
 */
import type { RefusedAnswer, TicketAnswer } from "../../model/api.ts";

/** For this tab, and gone with it. */
const KEY = "kmemtap.token";

export type Admission =
  | { readonly state: "admitted"; readonly ticket: string }
  | { readonly state: "token-needed"; readonly why: string }
  | { readonly state: "busy"; readonly why: string };

export function setToken(token: string): void {
  if (token === "") sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, token);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(KEY) !== null;
}

/** Asks the server, with the token where there is one. @param path relative to the page */
export function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const token = sessionStorage.getItem(KEY);
  const headers = new Headers(init.headers);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  return fetch(new URL(path, document.baseURI), { ...init, headers });
}

/** Asks for what opens a WebSocket. Throws where nobody answers. */
export async function admission(): Promise<Admission> {
  const answer = await ask("api/tickets", { method: "POST" });
  if (answer.ok) return { state: "admitted", ticket: ((await answer.json()) as TicketAnswer).ticket };
  const why = await whyOf(answer);
  return answer.status === 401 ? { state: "token-needed", why } : { state: "busy", why };
}

/**
 * Has the browser keep what the server answers, as a link to it would. A link itself carries no token.
 *
 * @throws {Error} with the server's words
 */
export async function download(path: string, name: string): Promise<void> {
  const answer = await ask(path);
  if (!answer.ok) throw new Error(await whyOf(answer));
  const url = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** On a click of a link to the server: with the token where there is one, else the browser does it. */
export function followLink(event: MouseEvent, name: string): void {
  if (!hasToken() || !(event.currentTarget instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  void download(event.currentTarget.href, name).catch(() => undefined);
}

async function whyOf(answer: Response): Promise<string> {
  try {
    const { error, help } = (await answer.json()) as RefusedAnswer;
    return help === undefined || help === "" ? error : `${error}: ${help}`;
  } catch {
    return `the server answered ${answer.status}`;
  }
}
