/** Where in the source call sites are. Asked for those of a snapshot, in batches; each is looked up once. */
import type { CallerSource, SourceFrame, SymbolFacts } from "../model/snapshot.ts";
import { UNKNOWN_FOLDER } from "../model/source-tree.ts";
import { parseCallSite } from "../model/call-site-text.ts";
import { agreed, chargedFrame } from "./charge.ts";
import { BuildCheck, type BuildIdentity } from "./check-build.ts";
import { findKernel, type KernelFiles } from "./find-kernel.ts";
import { findSlide } from "./find-slide.ts";
import type { ImageFunction } from "./image-symbols.ts";
import { Images } from "./images.ts";
import type { KernelSymbols } from "./kernel-symbols.ts";
import type { Frames } from "./llvm/answers.ts";
import type { FoundSymbolizer } from "./llvm/find-symbolizer.ts";
import { Symbolizer, type SymbolizerOptions } from "./llvm/symbolizer.ts";
import { locate, type Located, type NotLocated, ofOtherKernel } from "./locate.ts";
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
  readonly counting?: Counting | undefined;
}

/** What is told, before each of many things that are done, how many were, of how many. @param what as `objects` */
export type Counting = (what: string) => (done: number, of: number) => void;

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
  readonly #check: BuildCheck;
  /** Places by their call sites that say nothing of a kernel that is found to be another. */
  readonly #unproved = new Map<string, Located>();

  /** @throws {KmemtapError} `symbols/wrong-build` */
  private constructor(options: SourceFinderOptions, files: KernelFiles, images: Images) {
    this.#options = options;
    this.#files = files;
    this.#images = images;
    const { path, release, buildId, symbols } = images.kernel;
    const kernel = { path, release, buildId, address: symbols.all().at(-1)?.address };
    this.#check = new BuildCheck(kernel, { capture: options.capture, force: options.force === true });
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
      const finder = new SourceFinder(options, files, images);
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
    const addresses = news.map(parseCallSite).flatMap((site) => (site && "address" in site ? [site.address] : []));
    const slide = await this.#slideOf(addresses);
    const locator = { images: this.#images, kallsyms: this.#options.kallsyms, slide };
    const places: (Located | NotLocated)[] = [];
    const onLocated = this.#options.counting?.("call sites");
    for (const text of news) {
      onLocated?.(places.length, news.length);
      places.push(await locate(text, locator));
    }
    this.#check.take(places, addresses);
    const { isOther } = this.#check;
    const sources = await this.#sourcesOf(isOther ? places.map(ofOtherKernel) : places);
    news.forEach((text, i) => this.#known.set(text, sources[i]));
    await this.#takeBack(news, places);
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
      findings: [...this.#check.findings, ...this.#findings, ...(this.#symbolizer?.findings ?? [])],
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
    // The first question takes as long as all of the kernel's debug information.
    this.#options.counting?.("images")(0, 1);
    const [frames] = await this.#symbolizer.ask([{ file: kernel.askPath, address }]);
    const file = frames?.at(-1)?.file ?? undefined;
    this.#root = file === undefined ? undefined : rootOf(file);
    if (frames !== undefined && file === undefined)
      this.#findings.add(
        `${kernel.path} has no debug information: no lines, no inlined functions, and of files at most the name (Debian: linux-image-…-dbg; else build with CONFIG_DEBUG_INFO)`,
      );
  }

  /** What was answered before the sizes told that the kernel is another one. */
  async #takeBack(news: readonly string[], places: readonly (Located | NotLocated)[]): Promise<void> {
    if (!this.#check.isOther) {
      news.forEach((text, i) => {
        const place = places[i];
        if (!("reason" in place) && place.sizeFits !== true) this.#unproved.set(text, place);
      });
      return;
    }
    const texts = [...this.#unproved.keys()];
    const sources = await this.#sourcesOf([...this.#unproved.values()].map(ofOtherKernel));
    texts.forEach((text, i) => this.#known.set(text, sources[i]));
    this.#unproved.clear();
    if (!this.#check.hasOtherLines) return;
    for (const [text, source] of this.#known)
      if (source.line !== null)
        this.#known.set(text, { ...source, line: null, chain: [], reason: "the line would be another build's" });
  }

  /** From the first bare addresses that prove it. */
  async #slideOf(addresses: readonly bigint[]): Promise<bigint | undefined> {
    const { elf } = this.#images.kernel;
    const known = await this.#slide;
    if (known !== undefined || elf === undefined) return known;
    if (addresses.length > 0) this.#slide = findSlide(elf, addresses);
    return this.#slide;
  }

  async #sourcesOf(places: readonly (Located | NotLocated)[]): Promise<readonly CallerSource[]> {
    const questions = places.flatMap((place) => ("reason" in place ? [] : questionsOf(place)));
    const onAnswer = this.#options.counting?.("addresses");
    const answers = (await this.#symbolizer?.ask(questions, onAnswer)) ?? questions.map(() => undefined);
    const sources: CallerSource[] = [];
    let at = 0;
    for (const place of places) {
      if ("reason" in place) {
        const { module, reason, function: name = null } = place;
        sources.push({ file: null, line: null, function: name, module, chain: [], reason });
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
    this.#objects ??= ObjectSources.read(tree, this.#options.open, this.#options.counting?.("objects"));
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
