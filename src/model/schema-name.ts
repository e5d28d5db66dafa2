/** Names and versions of schemas; apart from the schemas, so that writing one does not load zod. */
export const SNAPSHOT_SCHEMA = "kmemtap.snapshot/1";
export const INSIDE_SCHEMA = "kmemtap.inside/1";
export const LIVES_SCHEMA = "kmemtap.lives/1";
export const TASKS_SCHEMA = "kmemtap.tasks/1";
export const SIZE_SCHEMA = "kmemtap.size/1";
export const SIZE_DIFF_SCHEMA = "kmemtap.size-diff/1";
