/** What the person at the terminal has chosen, and what each key makes of it. */
import type { CallerRow } from "../../model/snapshot.ts";
import type { OrderBy } from "../../report/order.ts";

export interface TopState {
  readonly order: TopOrder;
  /** The least first. */
  readonly isReversed: boolean;
  /** Part of a caller's name or of its source file, lower case; "" shows all. */
  readonly filter: string;
  /** What is being typed at the filter's prompt. */
  readonly typing: string | undefined;
  /** Rows that are scrolled past. */
  readonly offset: number;
  /** The screen holds still; the capture goes on. */
  readonly isPaused: boolean;
  /** Tasks are shown, not callers. */
  readonly isTasks: boolean;
  readonly isHelp: boolean;
  readonly isOver: boolean;
  /** Grows with each wish for a new beginning of what `growth` counts from. */
  readonly baselines: number;
}

/** By the key that chooses it. */
export const ORDERS = {
  n: { title: "net", of: (row) => row.netBytes },
  g: { title: "growth", of: (_row, growth) => growth },
  w: { title: "waste", of: (row) => row.wasteBytes },
  t: { title: "total", of: (row) => row.totalBytes },
  p: { title: "peak", of: (row) => row.peakNetBytes },
  a: { title: "allocs", of: (row) => row.allocs },
  f: { title: "frees", of: (row) => row.frees },
  e: { title: "age", of: (_row, _growth, ageS = -1) => ageS },
} as const satisfies Readonly<
  Record<string, { readonly title: string; readonly of: (row: CallerRow, growth: number, ageS?: number) => number }>
>;
export type TopOrder = keyof typeof ORDERS;

export const KEYS: readonly (readonly [string, string])[] = [
  ["n g w t p a f", "by net, growth, waste, total, peak, allocs, frees"],
  ["e", "by the age that about half of what is alive is below, where --lifetimes is on"],
  ["k", "tasks, where --tasks is on, or callers again"],
  ["r", "the other way round"],
  ["/", "callers, source files or tasks with a text in them; Esc: all again"],
  ["arrows PgUp PgDn", "scroll; Home and End go to the ends"],
  ["z", "count growth from now on"],
  ["space", "hold the screen still; the capture goes on"],
  ["q, Ctrl-C", "end"],
];

export const INITIAL: TopState = {
  order: "n",
  isReversed: false,
  filter: "",
  typing: undefined,
  offset: 0,
  isPaused: false,
  isTasks: false,
  isHelp: false,
  isOver: false,
  baselines: 0,
};

/** By the column's title, or as reports name it. */
export const ORDER_OF = {
  net: "n",
  growth: "g",
  waste: "w",
  total: "t",
  peak: "p",
  allocs: "a",
  frees: "f",
  age: "e",
  current_dynamic: "n",
  total_dynamic: "t",
  alloc_count: "a",
  free_count: "f",
} as const satisfies Readonly<Record<(typeof ORDERS)[TopOrder]["title"] | OrderBy, TopOrder>>;
export type OrderName = keyof typeof ORDER_OF;

const isOrder = (key: string): key is TopOrder => Object.hasOwn(ORDERS, key);

/**
 * @param key one key, as {@link keysIn} tells them
 * @param page rows that fit
 */
export function press(state: TopState, key: string, page: number): TopState {
  if (key === "ctrl-c") return { ...state, isOver: true };
  if (state.typing !== undefined) return type(state, state.typing, key);
  if (state.isHelp) return { ...state, isHelp: false, isOver: key === "q" };
  if (isOrder(key)) return { ...state, order: key, isReversed: false, offset: 0 };
  const scrolled = (rows: number) => ({ ...state, offset: Math.max(0, state.offset + rows) });
  switch (key) {
    case "q":
      return { ...state, isOver: true };
    case "r":
      return { ...state, isReversed: !state.isReversed, offset: 0 };
    case "/":
      return { ...state, typing: state.filter };
    case "escape":
      return { ...state, filter: "", offset: 0 };
    case "k":
      return { ...state, isTasks: !state.isTasks, offset: 0 };
    case "z":
      return { ...state, baselines: state.baselines + 1 };
    case " ":
      return { ...state, isPaused: !state.isPaused };
    case "?":
    case "h":
      return { ...state, isHelp: true };
    case "up":
      return scrolled(-1);
    case "down":
      return scrolled(1);
    case "page-up":
      return scrolled(-page);
    case "page-down":
      return scrolled(page);
    case "home":
      return { ...state, offset: 0 };
    case "end":
      return { ...state, offset: Number.MAX_SAFE_INTEGER };
    default:
      return state;
  }
}

function type(state: TopState, typing: string, key: string): TopState {
  if (key === "enter") return { ...state, filter: typing.toLowerCase(), typing: undefined, offset: 0 };
  if (key === "escape") return { ...state, typing: undefined };
  if (key === "backspace") return { ...state, typing: Array.from(typing).slice(0, -1).join("") };
  return Array.from(key).length === 1 ? { ...state, typing: typing + key } : state;
}

const NAMED: Readonly<Record<string, string>> = {
  "\x03": "ctrl-c",
  "\r": "enter",
  "\n": "enter",
  "\x1b": "escape",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x1b[A": "up",
  "\x1bOA": "up",
  "\x1b[B": "down",
  "\x1bOB": "down",
  "\x1b[5~": "page-up",
  "\x1b[6~": "page-down",
  "\x1b[H": "home",
  "\x1bOH": "home",
  "\x1b[1~": "home",
  "\x1b[F": "end",
  "\x1bOF": "end",
  "\x1b[4~": "end",
};

const ESCAPE = "\x1b";
/** An escape sequence (ECMA-48, and SS3 as keypads send it), or one character. */
const KEY = new RegExp(`${ESCAPE}(?:\\[[0-9;]*[~A-Za-z]|O[A-Za-z])|[^]`, "gu");
const CONTROL = /\p{Cc}/u;

/** The keys in what a terminal sent: characters as they are, others by name. An escape sequence comes whole, or it is the Esc key. */
export function keysIn(sent: string): string[] {
  const keys = sent.match(KEY) ?? [];
  return keys.map((key) => NAMED[key] ?? key).filter((key) => !CONTROL.test(key));
}
