/** How old a caller's live objects are, where kmemtap keeps lifetimes. */
import { computed } from "@preact/signals";
import { agesOf } from "../../format/ages.ts";
import type { Lives } from "../../model/lives.ts";
import { asked } from "../api/asked.ts";

const lives = asked<Lives>("lives.json", 5000);

export const useAges = lives.use;

/** Seconds that about half of a caller's live objects are younger than, by call site; of none that holds nothing. Undefined where it is not kept. */
export const ages = computed<ReadonlyMap<string, number> | undefined>(() => {
  const answer = lives.answer.value;
  if (answer.state !== "known") return undefined;
  return agesOf(answer.value);
});
