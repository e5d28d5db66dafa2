/** What `--mode` and `--on-overrun`, and the same of a target in the configuration, may be. */
export const OVERRUN_POLICIES = ["alert", "grow", "stop"] as const;
export type OverrunPolicy = (typeof OVERRUN_POLICIES)[number];
export const MODES = ["auto", "raw", "text", "hist"] as const;
export type Mode = (typeof MODES)[number];
