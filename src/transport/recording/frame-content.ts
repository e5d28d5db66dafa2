/** What must be true of what a frame holds before anybody reads it: whoever made the file, its checksums may be right. */
import { z } from "zod";
import { visibleName } from "../../model/printable.ts";
import { type Frame, FrameKind } from "./frames.ts";

/** What ended a capture is said in words, not in pages. */
const MAX_FAILURE_BYTES = 1000;
const COUNT_BYTES = 8;

const PHASE = z.object({ name: z.string(), command: z.string(), round: z.int(), workload: z.string().optional() });

/** As far as the account stands or falls with it; the whole shapes are CaptureRecorder's. */
const CONTENT: ReadonlyMap<number, z.ZodType> = new Map<number, z.ZodType>([
  [
    FrameKind.run,
    z.object({
      label: z.string(),
      agent: z
        .object({
          nonce: z.string(),
          plan: z
            .object({
              mode: z.string(),
              reason: z.string(),
              options: z.array(z.string()),
              facts: z.looseObject({ release: z.string(), tools: z.array(z.string()) }),
            })
            .optional(),
          link: z.object({ kind: z.string(), label: z.string() }).optional(),
        })
        .optional(),
    }),
  ],
  [FrameKind.side, z.object({ writer: z.string(), seq: z.number(), type: z.string(), text: z.string() })],
  [
    FrameKind.phase,
    z.discriminatedUnion("kind", [
      PHASE.extend({ kind: z.literal("begin"), timeNs: z.number() }),
      z.object({
        kind: z.literal("end"),
        status: z.number().nullable(),
        unseen: PHASE.optional(),
        timeNs: z.number(),
      }),
    ]),
  ],
  [FrameKind.outcome, z.object({ interrupted: z.boolean() })],
]);

/** The frame's name where it does not hold what frames of its kind do. */
export function unreadable({ kind, bytes }: Frame): string | undefined {
  if (kind === FrameKind.dropped) return bytes.length < COUNT_BYTES ? "a count of missing bytes" : undefined;
  const content = CONTENT.get(kind);
  if (content === undefined || content.safeParse(parsed(bytes)).success) return undefined;
  return kind === FrameKind.run ? "the beginning of a run" : "a note of the capture";
}

/** What ended the capture before its time, on one line. */
export function failureIn({ bytes }: Frame): string {
  return visibleName(Buffer.from(bytes.subarray(0, MAX_FAILURE_BYTES)).toString());
}

/** Undefined where it is no JSON. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as unknown;
  } catch {
    return undefined;
  }
}
