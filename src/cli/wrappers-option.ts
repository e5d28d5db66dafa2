/** `--wrappers`, of every command that makes an account. */
export const WRAPPERS_OPTION = [
  "--wrappers <FILE>",
  "functions that allocate for their callers, a line each (default: config/wrappers.txt); an empty file: none",
] as const;
