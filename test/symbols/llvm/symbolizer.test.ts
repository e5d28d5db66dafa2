/** The conversation with llvm-symbolizer: with the real one, and with programs that die, hang and lie. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { findSymbolizer } from "../../../src/symbols/llvm/find-symbolizer.ts";
import { Symbolizer, type SymbolizerOptions } from "../../../src/symbols/llvm/symbolizer.ts";
import { readElf } from "../../../src/symbols/elf/read-elf.ts";
import { readSymbols } from "../../../src/symbols/elf/read-symbols.ts";
import { openRegularFile } from "../../../src/transport/random-access.ts";
import { objectPath } from "../../support/elf-objects.ts";
import { symbolizer as real, TREE } from "../../support/source-tree.ts";
import { tempDir } from "../../support/temp-dir.ts";

const VMLINUX = join(TREE, "vmlinux");
const SETUP = { file: VMLINUX, address: 0xffffffff8100001cn };
const places = (count: number) => Array.from({ length: count }, (_, i) => ({ file: VMLINUX, address: BigInt(i) }));

function talkTo(script: string, options: SymbolizerOptions = {}, json = true): Symbolizer {
  const path = join(tempDir(), "llvm-symbolizer");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return closing(new Symbolizer({ path, version: "99.0", json, declares: true }, options));
}

function closing(symbolizer: Symbolizer): Symbolizer {
  onTestFinished(() => {
    symbolizer.close();
  });
  return symbolizer;
}

/** Answers each question with its own address. */
const ECHO = `while read -r code file address; do echo '{"Address":"'$address'","Symbol":[{"FunctionName":"f'$address'","FileName":"a.c","Line":1}]}'`;

describe.skipIf(real === undefined)(`the real one${real === undefined ? " (missing: llvm-symbolizer)" : ""}`, () => {
  it.each([true, false])("gives frames, innermost first (JSON: %s)", async (json) => {
    if (real === undefined) return;
    const symbolizer = closing(new Symbolizer({ ...real, json }));
    const [frames, none] = await symbolizer.ask([SETUP, { ...SETUP, address: 0x10n }]);
    expect(frames?.map((frame) => frame.function)).toEqual(["kmalloc", "kzalloc", "setup"]);
    expect(frames?.at(-1)).toEqual({ function: "setup", file: "/build/linux-6.1/./fs/one.c", line: 3 });
    expect(none).toEqual([]);
    expect(symbolizer.findings).toEqual([]);
  });

  it("gives variables, by their names", async () => {
    if (real === undefined) return;
    const symbolizer = closing(new Symbolizer(real, { about: "data" }));
    const file = objectPath("debug.elf");
    const symbols = await readSymbols(await readElf(await openRegularFile(file), file));
    const table = { file, address: symbols.find(({ name }) => name === "table")?.value ?? 0n };
    const [[variable] = [], none] = await symbolizer.ask([table, { ...table, address: 0x10n }]);
    expect(variable.function).toBe("table");
    if (real.declares) expect(variable.file).toMatch(/debug\.c$/);
    expect(none).toEqual([]);
    expect(symbolizer.findings).toEqual([]);
  });

  it("answers thousands of questions in their order", async () => {
    if (real === undefined) return;
    const symbolizer = closing(new Symbolizer(real));
    const asked = Array.from({ length: 3000 }, (_, i) =>
      i % 3 === 0 ? SETUP : { ...SETUP, address: 0xffffffff81000169n },
    );
    const answers = await symbolizer.ask(asked);
    const names = answers.map((frames) => frames?.at(-1)?.function);
    expect(names).toEqual(asked.map((place) => (place === SETUP ? "setup" : "start_kernel")));
  });

  it("says what it cannot read, and reads the next", async () => {
    if (real === undefined) return;
    const symbolizer = closing(new Symbolizer({ ...real, json: true }));
    const [missing, frames] = await symbolizer.ask([{ ...SETUP, file: "/nosuch/vmlinux" }, SETUP]);
    expect(missing).toBeUndefined();
    expect(frames).toHaveLength(3);
    expect(symbolizer.findings.join()).toContain("/nosuch/vmlinux");
  });

  it("is found in the PATH, and not where there is none", async () => {
    expect((await findSymbolizer())?.version).toMatch(/^\d+\./);
    const folder = tempDir();
    const install = (name: string, version: string) => {
      writeFileSync(join(folder, name), `#!/bin/sh\necho LLVM version ${version}\n`, { mode: 0o755 });
    };
    install("llvm-symbolizer-19", "19.1.0");
    const newer = { version: "19.1.0", json: true, declares: true };
    expect(await findSymbolizer({ PATH: folder })).toMatchObject(newer);
    install("llvm-symbolizer", "14.0.6");
    expect(await findSymbolizer({ PATH: folder })).toMatchObject(newer);
    install("llvm-symbolizer", "17.0.6");
    expect(await findSymbolizer({ PATH: folder })).toMatchObject({ version: "17.0.6" });
  });
});

it("gives where variables are declared, as LLVM 15 and later say it", async () => {
  // As LLVM 19 answers for Debian's 6.1: by a path, nothing, and nobody's address.
  const symbolizer = talkTo(
    `while read -r data file address; do
        echo "$address"
        case $data$address in
        DATA0x0) printf '%s\\n' ext4_fs_type '18446744071607688608 72' '/build/linux/fs/ext4/super.c:7312' ;;
        DATA0x1) printf '%s\\n' tty_ldiscs '18446744071616572800 248' '??:?' ;;
        *) printf '%s\\n' '??' '0 0' '??:?' ;;
        esac
        echo
      done`,
    { about: "data" },
  );
  expect(await symbolizer.ask(places(3))).toEqual([
    [{ function: "ext4_fs_type", file: "/build/linux/fs/ext4/super.c", line: 7312 }],
    [{ function: "tty_ldiscs", file: null, line: null }],
    [],
  ]);
  expect(symbolizer.findings).toEqual([]);
});

describe("one that fails", () => {
  it("by dying is started again, and only what it died on has no answer", async () => {
    const symbolizer = talkTo(
      `${ECHO}; [ $address = 0x5 ] && exit 7; done`.replace("echo '{", "[ $address = 0x5 ] && exit 7; echo '{"),
      {
        inFlight: 4,
      },
    );
    const answers = await symbolizer.ask(places(12));
    expect(answers.map((frames) => frames?.[0]?.function)).toEqual(
      Array.from({ length: 12 }, (_, i) => (i === 5 ? undefined : `f0x${i.toString(16)}`)),
    );
    expect(symbolizer.findings.join()).toMatch(/exited with 7 at 0x5 of .*started again.*apt-get install llvm/);
  });

  it("by dying always is given up, and every question is settled", async () => {
    const symbolizer = talkTo("echo no such option >&2; exit 1", { restarts: 2 });
    expect(await symbolizer.ask(places(200))).toEqual(places(200).map(() => undefined));
    expect(await symbolizer.ask(places(2))).toEqual([undefined, undefined]);
    expect(symbolizer.works).toBe(false);
    expect(symbolizer.findings).toHaveLength(1);
    expect(symbolizer.findings[0]).toMatch(/no such option.*the first of 3 times.*given up/);
  });

  it("by hanging is ended", async () => {
    const symbolizer = talkTo("exec sleep 1000", { answerMs: 50, restarts: 1 });
    expect(await symbolizer.ask(places(3))).toEqual([undefined, undefined, undefined]);
    expect(symbolizer.findings[0]).toMatch(/has not answered for/);
  });

  it("by answering something else is not believed", async () => {
    const symbolizer = talkTo(`${ECHO.replace(`"Address":"'$address'"`, `"Address":"0x77"`)}; done`, { restarts: 0 });
    expect(await symbolizer.ask(places(2))).toEqual([undefined, undefined]);
    expect(symbolizer.findings[0]).toMatch(/answered for 0x77, asked for 0x0/);
  });

  it("since it is not there, is said", async () => {
    const symbolizer = closing(
      new Symbolizer({ path: "/nosuch/llvm-symbolizer", version: "1", json: true, declares: false }, { restarts: 0 }),
    );
    expect(await symbolizer.ask(places(2))).toEqual([undefined, undefined]);
    expect(symbolizer.findings[0]).toMatch(/cannot be started/);
  });

  it("cannot be asked for a path that ends its question", async () => {
    const symbolizer = talkTo(`${ECHO}; done`);
    expect(await symbolizer.ask([{ file: 'a"\nb', address: 1n }])).toEqual([undefined]);
    expect(symbolizer.findings[0]).toMatch(/cannot be asked/);
  });
});
