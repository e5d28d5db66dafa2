/** What `kmemtap size --format json` prints: what a kernel's image and modules take, by directory, file and symbol. */
import { z } from "zod";
import { SIZE_DIFF_SCHEMA, SIZE_SCHEMA } from "./schema-name.ts";
import type { SourceNode, StaticBytes } from "./source-tree.ts";

const bytes = z.number().int().nonnegative();

export const staticBytesSchema = z
  .object({
    text: bytes.describe("code"),
    rodata: bytes.describe("what is only read; GNU size counts it as text"),
    data: bytes.describe("what is written, with its beginning in the image"),
    bss: bytes.describe("what is written, and begins as zeroes"),
  })
  .meta({ id: "StaticBytes", description: "bytes of loaded sections" });

export const sizeNodeSchema: z.ZodType<SizeNode> = z
  .object({
    name: z.string().describe("a path's last part; (unattributed) holds what is in no file"),
    kind: z
      .enum(["directory", "file", "symbol"])
      .describe("a symbol whose name is in parentheses is what no symbol of that section covers"),
    static: staticBytesSchema.describe("its own and that of all below it"),
    get children() {
      return z.array(sizeNodeSchema).describe("by name");
    },
  })
  .meta({ id: "SizeNode" });

/** A source tree's node with its bytes. */
export interface SizeNode extends SourceNode {
  readonly static: StaticBytes;
  readonly children: readonly SizeNode[];
}

export const sizeSchema = z
  .object({
    schema: z.literal(SIZE_SCHEMA),
    kernel: z.object({
      path: z.string().describe("what was read"),
      kind: z.enum(["tree", "image"]).describe("a built tree's objects, or one linked file"),
      release: z.string().nullable().describe("as uname -r says it; null where nothing tells"),
      buildId: z.string().nullable().describe("of the vmlinux, hexadecimal"),
    }),
    branch: z.string().nullable().describe("the directory or file that was asked for (-b); all figures are its"),
    totals: staticBytesSchema.describe("equal to what GNU size says of the same objects"),
    init: staticBytesSchema.describe(
      "of the totals: in .init sections, freed once the kernel has booted or the module is loaded",
    ),
    objects: bytes.describe("how many were read, modules included"),
    modules: bytes,
    image: staticBytesSchema
      .nullable()
      .describe("of a tree: its linked vmlinux, as size has it; null where there is none, or a branch was asked for"),
    notes: z.array(z.string()).describe("what was left out, for people"),
    tree: sizeNodeSchema,
  })
  .meta({ id: "Size", title: "kmemtap size" });
export type SizeReport = z.infer<typeof sizeSchema>;

export const symbolChangeSchema = z
  .object({
    name: z.string().describe("as it is in the newer one, or was in the older one"),
    oldName: z.string().optional().describe("where the compiler named it otherwise: .isra, .constprop"),
    file: z.string().describe("path of its source file, from the tree's root"),
    oldFile: z.string().optional().describe("where it has moved from"),
    group: z.enum(["text", "rodata", "data", "bss"]),
    before: bytes.nullable().describe("bytes; null where it is new"),
    after: bytes.nullable().describe("bytes; null where it is gone"),
    delta: z.number().int(),
  })
  .meta({ id: "SymbolChange" });
export type SymbolChange = z.infer<typeof symbolChangeSchema>;

const sideSchema = z.object({
  path: z.string(),
  release: z.string().nullable(),
  totals: staticBytesSchema,
  symbolBytes: bytes.describe("of all symbols: the totals less what no symbol covers"),
});

export const sizeDiffSchema = z
  .object({
    schema: z.literal(SIZE_DIFF_SCHEMA),
    branch: z.string().nullable(),
    before: sideSchema,
    after: sideSchema,
    added: bytes.describe("symbols"),
    removed: bytes,
    grown: bytes,
    shrunk: bytes,
    upBytes: bytes,
    downBytes: bytes,
    deltaBytes: z.number().int().describe("of symbols: upBytes less downBytes"),
    symbols: z.array(symbolChangeSchema).describe("all that differ, those that grew most first"),
  })
  .meta({ id: "SizeDiff", title: "kmemtap size --diff" });
export type SizeDiff = z.infer<typeof sizeDiffSchema>;
