import type { RandomAccess } from "../../model/ports.ts";

/**
 * Opens a regular file.
 *
 * @throws {KmemtapError} `input/missing`, `input/unreadable`
 */
export type OpenFile = (path: string) => Promise<RandomAccess>;
