/** Where in the source call sites are. Asked for those of a snapshot, in batches; each is looked up once. */
import type { CallerSource, SourceFrame, SymbolFacts } from "../model/snapshot.ts";
import { parseCallSite } from "../model/call-site-text.ts";
import { agreed, chargedFrame } from "./charge.ts";
import { type BuildIdentity, checkBuild, checkFit } from "./check-build.ts";
import { findKernel, type KernelFiles } from "./find-kernel.ts";
import { findSlide } from "./find-slide.ts";
import type { ImageFunction } from "./image-symbols.ts";
import { Images } from "./images.ts";
import type { KernelSymbols } from "./kernel-symbols.ts";
import type { Frames } from "./llvm/answers.ts";
import type { FoundSymbolizer } from "./llvm/find-symbolizer.ts";
import { Symbolizer, type SymbolizerOptions } from "./llvm/symbolizer.ts";
import { locate, type Located, type NotLocated } from "./locate.ts";
import { ObjectSources } from "./object-sources.ts";
import type { OpenFile } from "./open-image.ts";
import { fromRoot, ROOT_FUNCTION, rootOf } from "./source-path.ts";

export interface SourceFinderOptions {
  /** What `-k` names: a directory, a vmlinux, a System.map. */
  readonly kernel: string;
  /** What is known of the kernel that the capture was taken on. */
  readonly capture: BuildIdentity;
  readonly open: OpenFile;
  /** Undefined where this machine has none. */
  readonly symbolizer: FoundSymbolizer | undefined;
  readonly symbolizerOptions?: SymbolizerOptions;
  /** Of the target, for bare addresses. */
  readonly kallsyms?: KernelSymbols | undefined;
  /** Goes on where the kernel is another one. */
  readonly force?: boolean;
}

/** Of a file whose directory no symbol table tells: `?/inode.c`. */
const UNKNOWN_FOLDER = "?";

export class SourceFinder {
  readonly #options: SourceFinderOptions;
  readonly #files: KernelFiles;
  readonly #images: Images;
  readonly #symbolizer: Symbolizer | undefined;
  readonly #known = new Map<string, CallerSource>();
  readonly #findings = new Set<string>();
  #objects: Promise<ObjectSources> | undefined;
  #root: string | undefined;
  #slide: Promise<bigint | undefined> | undefined;
  #fitting = 0;
  #others = 0;

  private constructor(options: SourceFinderOptions, files: KernelFiles, images: Images) {
    this.#options = options;
    this.#files = files;
    this.#images = images;
    const { symbolizer, symbolizerOptions } = options;
    if (files.kind === "System.map")
      this.#findings.add(`${files.path} names functions, not their files: give a vmlinux with -k`);
    else if (symbolizer === undefined)
      this.#findings.add(
        "llvm-symbolizer is not installed: only symbol tables are read, without lines and inlined functions; apt-get install llvm",
      );
    else this.#symbolizer = new Symbolizer(symbolizer, symbolizerOptions);
  }

  /**
   * @throws {KmemtapError} `symbols/no-kernel`, `symbols/wrong-build`, `symbols/not-elf`, `symbols/damaged`, `input/unreadable`
   */
  static async open(options: SourceFinderOptions): Promise<SourceFinder> {
    const { capture, open, symbolizer, force = false } = options;
    const files = await findKernel(options.kernel, capture.release);
    const images = await Images.open(files, { open, laidOut: symbolizer !== undefined, force });
    try {
      const finding = checkBuild(files.path, images.kernel, capture, force);
      const finder = new SourceFinder(options, files, images);
      if (finding !== undefined) finder.#findings.add(finding);
      await finder.#findRoot();
      return finder;
    } catch (thrown) {
      await images.close();
      throw thrown;
    }
  }

  /**
   * All that are known by then, those asked for among them: every call site has its answer, found or not.
   *
   * @throws {KmemtapError} `symbols/wrong-build` where the functions' sizes tell that the kernel is another one
   */
  async of(callSites: readonly string[]): Promise<ReadonlyMap<string, CallerSource>> {
    const news = callSites.filter((text) => !this.#known.has(text));
    if (news.length === 0) return this.#known;
    const slide = await this.#slideOf(news);
    const locator = { images: this.#images, kallsyms: this.#options.kallsyms, slide };
    const places: (Located | NotLocated)[] = [];
    for (const text of news) places.push(await locate(text, locator));
    this.#checkFit(places);
    const sources = await this.#sourcesOf(places);
    news.forEach((text, i) => this.#known.set(text, sources[i]));
    return this.#known;
  }

  get known(): ReadonlyMap<string, CallerSource> {
    return this.#known;
  }

  get facts(): Omit<SymbolFacts, "attributed" | "unattributed"> {
    const { path, release = null, buildId = null } = this.#images.kernel;
    const version = this.#symbolizer === undefined ? undefined : this.#options.symbolizer?.version;
    return {
      kernel: path,
      release,
      buildId,
      symbolizer: version === undefined ? null : `llvm-symbolizer ${version}`,
      findings: [...this.#findings, ...(this.#symbolizer?.findings ?? [])],
    };
  }

  async close(): Promise<void> {
    this.#symbolizer?.close();
    await this.#images.close();
  }

  /** Every kernel has init/main.c: where that lies is the root that its files are named from. */
  async #findRoot(): Promise<void> {
    const { kernel } = this.#images;
    const address = kernel.symbols.named(ROOT_FUNCTION).at(0)?.address;
    if (this.#symbolizer === undefined || address === undefined) return;
    const [frames] = await this.#symbolizer.ask([{ file: kernel.askPath, address }]);
    const file = frames?.at(-1)?.file ?? undefined;
    this.#root = file === undefined ? undefined : rootOf(file);
    if (frames !== undefined && file === undefined)
      this.#findings.add(
        `${kernel.path} has no debug information: no lines, no inlined functions, and of files at most the name (Debian: linux-image-…-dbg; else build with CONFIG_DEBUG_INFO)`,
      );
  }

  #checkFit(places: readonly (Located | NotLocated)[]): void {
    for (const place of places) {
      if (place.module !== null) continue;
      if ("reason" in place ? place.misfit === true : place.sizeFits === false) this.#others += 1;
      else if (!("reason" in place) && place.sizeFits === true) this.#fitting += 1;
    }
    const fit = { fitting: this.#fitting, others: this.#others };
    const finding = checkFit(this.#files.path, fit, this.#options.force === true);
    if (finding !== undefined) this.#findings.add(finding);
  }

  /** From the first bare addresses that prove it. */
  async #slideOf(callSites: readonly string[]): Promise<bigint | undefined> {
    const { elf } = this.#images.kernel;
    const known = await this.#slide;
    if (known !== undefined || elf === undefined) return known;
    const addresses = callSites.map(parseCallSite).flatMap((site) => (site && "address" in site ? [site.address] : []));
    if (addresses.length > 0) this.#slide = findSlide(elf, addresses);
    return this.#slide;
  }

  async #sourcesOf(places: readonly (Located | NotLocated)[]): Promise<readonly CallerSource[]> {
    const questions = places.flatMap((place) => ("reason" in place ? [] : questionsOf(place)));
    const answers = (await this.#symbolizer?.ask(questions)) ?? questions.map(() => undefined);
    const sources: CallerSource[] = [];
    let at = 0;
    for (const place of places) {
      if ("reason" in place) {
        const { module, reason } = place;
        sources.push({ file: null, line: null, function: null, module, chain: [], reason });
        continue;
      }
      const candidates: CallerSource[] = [];
      for (const candidate of place.candidates) candidates.push(await this.#sourceOf(place, candidate, answers[at++]));
      sources.push(agreed(candidates));
    }
    return sources;
  }

  async #sourceOf(
    { module }: Located,
    { function: f }: Located["candidates"][number],
    frames: Frames | undefined,
  ): Promise<CallerSource> {
    const chain = chainOf(frames ?? [], f, this.#root);
    const charged = chargedFrame(chain);
    if (charged !== undefined)
      return { file: charged.file, line: charged.line, function: f.name, module, chain: [...chain] };
    const fromObjects = await this.#fileByObjects(f);
    const named = f.sourceFile === undefined ? null : `${UNKNOWN_FOLDER}/${f.sourceFile}`;
    const file = fromObjects ?? named;
    const lacking =
      frames === undefined && this.#symbolizer !== undefined
        ? "llvm-symbolizer did not answer"
        : "no debug information";
    const reason = file === null ? `${lacking}, and no symbol table names a file` : lacking;
    return { file, line: null, function: f.name, module, chain: [], reason };
  }

  async #fileByObjects(f: ImageFunction): Promise<string | undefined> {
    const { tree } = this.#files;
    if (tree === undefined) return undefined;
    this.#objects ??= ObjectSources.read(tree, this.#options.open);
    return (await this.#objects).fileOf(f);
  }
}

function questionsOf({ image, candidates }: Located) {
  // The call is in front of the address that it returns to.
  return candidates.map(({ returnAddress }) => ({ file: image.askPath, address: returnAddress - 1n }));
}

/** Frames with paths from the root on; the last one is the image's function, whatever debug information calls it. Empty where no frame has a file. */
function chainOf(frames: Frames, f: ImageFunction, root: string | undefined): readonly SourceFrame[] {
  if (frames.every(({ file }) => file === null)) return [];
  return frames.map(({ function: name, file, line }) => ({
    function: name ?? f.name,
    file: file === null ? null : fromRoot(file, root),
    line,
  }));
}
