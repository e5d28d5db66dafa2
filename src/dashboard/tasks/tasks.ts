/** Who allocated what is held, while somebody looks: without their callers, which are asked for one task at a time. */
import type { Tasks } from "../../model/tasks.ts";
import { asked } from "../api/asked.ts";

const account = asked<Tasks>("tasks.json?callers=none", 3000);

export const tasks = account.answer;
export const useTasks = account.use;
