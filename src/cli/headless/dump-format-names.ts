/** What an unattended capture can write, apart from how: the command line names it before anything is loaded. */
export const DUMP_FORMATS = [
  "account",
  "slab-account",
  "callers",
  "json",
  "tasks",
  "csv",
  "svg",
  "png",
  "pprof",
] as const;

export type DumpFormatName = (typeof DUMP_FORMATS)[number];
