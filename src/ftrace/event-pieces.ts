/** Where the pieces of a kmem event stand that the next line is likely to repeat; positions in the buffer that was read. */
export interface EventPieces {
  /** Id of the call site, -1 for a free of NULL, which names none. */
  site: number;
  siteAt: number;
  siteEnd: number;
  /** What stands between an allocation's pointer and the digits of bytes_req, where that is more than ` bytes_req=`; else empty. */
  gapAt: number;
  gapEnd: number;
  /** What ends the line, its newline too. */
  tailAt: number;
  tailPlace: StretchPlace;
}

/** Where a stretch of a line stands: assembly/known-stretches.ts. What may stand there depends on the event. */
export const StretchPlace = { beforeSizes: 1, behindAllocation: 2, behindKfree: 3, behindCacheFree: 4 } as const;
export type StretchPlace = (typeof StretchPlace)[keyof typeof StretchPlace];
