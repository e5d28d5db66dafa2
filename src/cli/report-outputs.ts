/** What `report` is asked for at once, and what of it does not go together. */
import type { OrderBy } from "../report/order.ts";
import { usage } from "./arm-options.ts";
import type { GroupChoice } from "./group-options.ts";

export interface WantedResults {
  readonly accountFile?: string;
  readonly callersFile?: string;
  readonly slabAccount?: string | true;
  readonly json?: true;
  readonly tasks?: true;
  readonly pprof?: string;
  readonly ringsFile?: string;
  readonly ringsShow?: true;
  readonly lifetimes?: true;
  readonly workload?: true;
  readonly orderBy?: OrderBy;
}

/** @throws {KmemtapError} `cli/usage` where an option would be ignored */
export function refuseIgnored(wanted: WantedResults, groups: GroupChoice | undefined): void {
  const { lifetimes, tasks, workload, json, orderBy } = wanted;
  if (orderBy !== undefined && workload === true)
    throw usage("--order-by with --workload", "leave it out: a workload has what changed most first");
  if (lifetimes === true && json !== true)
    throw usage("--lifetimes without --json", "add --json: the other forms have no room for it");
  if (tasks === true && workload === true)
    throw usage(
      "--tasks with --workload",
      "a workload is accounted by phase, not by task: name one, --tasks --phase NAME",
    );
  if (lifetimes === true && workload === true)
    throw usage("--lifetimes with --workload", "leave it out: a workload has the ages of what it left");
  if (groups !== undefined && !hasGroups(wanted))
    throw usage(`--by ${groups.by} is of the account, which is not printed`, "add -c - or --json, or leave it out");
}

/** JSON and a profile are for programs, which take nothing before or behind them. @throws {KmemtapError} `cli/usage` */
export function refuseMixture({ accountFile, callersFile, slabAccount, json, tasks, pprof }: WantedResults): void {
  const tables = [accountFile, callersFile, slabAccount].filter((output) => output === "-" || output === true);
  const isForPrograms = json === true || pprof === "-";
  const isMixed = tables.length > 0 || (json === true ? pprof === "-" : tasks === true);
  if (isForPrograms && isMixed)
    throw usage("two results go to standard output, one of them for programs", "give the other one a file");
}

function hasGroups({ accountFile, json, ...others }: WantedResults): boolean {
  if (accountFile !== undefined || json === true) return true;
  const { callersFile, slabAccount, tasks, pprof, ringsFile, ringsShow } = others;
  return [callersFile, slabAccount, tasks, pprof, ringsFile, ringsShow].every((output) => output === undefined);
}
