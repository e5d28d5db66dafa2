/** What may be done to a target: the kinds of a ControlAction, apart from what each holds. */
export const ACTION_KINDS = ["mark", "stop", "start", "grow", "run"] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];
