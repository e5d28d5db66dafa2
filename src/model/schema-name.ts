/** Name and version of the snapshot's schema; apart from the schema, so that writing one does not load zod. */
export const SNAPSHOT_SCHEMA = "kmemtap.snapshot/1";
