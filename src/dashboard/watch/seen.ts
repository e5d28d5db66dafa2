import { Recent } from "./recent.ts";

/** What this page saw of the target that it shows. */
export const recent = new Recent();
