/** What is written from the commands: manual pages, completions, the version. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { commandTree } from "../../src/cli/manual/command-tree.ts";
import { DUMP_FORMATS } from "../../src/cli/headless/dump-format-names.ts";
import { completionFor } from "../../src/cli/manual/completion-scripts.ts";
import { manPages } from "../../src/cli/manual/man-page.ts";
import { createProgram } from "../../src/cli/program.ts";
import { ensureBuilt, kmemtap } from "../support/kmemtap.ts";
import { tempDir } from "../support/temp-dir.ts";

beforeAll(ensureBuilt, 120_000);

const program = () => createProgram(() => undefined);
const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly version: string;
  readonly man: readonly string[];
};
const tree = commandTree(program());
const has = (command: string): boolean => spawnSync(command, ["--version"]).status === 0;
const hasGroff = has("groff");

describe("manual pages", () => {
  const pages = manPages(tree, "1.2.3");

  it("are there for each command, with each of its options", () => {
    expect([...pages.keys()]).toEqual(["kmemtap.1", ...tree.commands.map(({ name }) => `kmemtap-${name}.1`)]);
    for (const { name, options } of tree.commands) {
      const page = pages.get(`kmemtap-${name}.1`)?.replaceAll("\\-", "-") ?? "";
      for (const { flags } of options) expect(page).toContain(`.B ${flags}\n`);
    }
  });

  it.skipIf(!hasGroff)("are roff that groff has nothing to say of", () => {
    for (const page of pages.values()) {
      const { status, stderr } = spawnSync("groff", ["-k", "-Kutf8", "-Tutf8", "-man", "-ww", "-z"], {
        input: page,
        encoding: "utf8",
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  });

  it("come with a build", () => {
    const built = fileURLToPath(new URL("../../dist/man/", import.meta.url));
    for (const name of pages.keys()) expect(existsSync(join(built, name)), name).toBe(true);
  });

  it("are all named in the package, by which npm gives them to man", () => {
    expect([...manifest.man].sort()).toEqual([...pages.keys()].map((name) => `./dist/man/${name}`).sort());
  });
});

describe("completion", () => {
  function completed(...words: string[]): string[] {
    const script = join(tempDir(), "completion");
    writeFileSync(script, completionFor("bash", program()));
    const line = words.map((word) => `'${word}'`).join(" ");
    const ask = `. ${script}; COMP_WORDS=(${line}); COMP_CWORD=${String(words.length - 1)}; _kmemtap; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-uc", ask], { encoding: "utf8" })
      .split("\n")
      .filter((word) => word !== "");
  }

  it("knows commands, options and what they take", () => {
    expect(completed("kmemtap", "re")).toEqual(["report"]);
    expect(completed("kmemtap", "live", "local:", "--sub")).toEqual(["--sub-buffer-kb"]);
    expect(completed("kmemtap", "top", "--mode", "")).toEqual(["auto", "raw", "text", "hist"]);
    expect(completed("kmemtap", "completion", "f")).toEqual(["fish"]);
  });

  // bash makes three words of --mode=raw, zsh and a bash whose COMP_WORDBREAKS is another make one.
  it.each([
    ["in words of its own", (option: string, value: string) => [option, "=", ...(value === "" ? [] : [value])], ""],
    ["in the option's word", (option: string, value: string) => [`${option}=${value}`], "="],
  ])("knows what stands behind an equals sign %s", (_how, wordsOf, sign) => {
    const values = (command: string, option: string, value: string) =>
      completed("kmemtap", command, "local:", ...wordsOf(option, value)).map((word) =>
        sign === "" ? word : word.replace(new RegExp(`^${option}=`), "whole "),
      );
    const each = (...words: string[]) => words.map((word) => (sign === "" ? word : `whole ${word}`));
    expect(values("top", "--mode", "")).toEqual(each("auto", "raw", "text", "hist"));
    expect(values("top", "--mode", "h")).toEqual(each("hist"));
    expect(values("snapshot", "--format", "p")).toEqual(each("png", "pprof"));
    expect(values("snapshot", "--format", "json,pn")).toEqual(each("json,png"));
    expect(values("report", "--file", "/etc/hostn")).toEqual(each("/etc/hostname"));
    expect(values("top", "--for", "")).toEqual([]);
  });

  it("offers one more of a list, and as many as there are", () => {
    expect(completed("kmemtap", "snapshot", "--format", "")).toEqual([...DUMP_FORMATS]);
    expect(completed("kmemtap", "snapshot", "--format", "json,csv,slab")).toEqual(["json,csv,slab-account"]);
    expect(completionFor("fish", program())).toContain(`-l format -x -a '(__fish_append , ${DUMP_FORMATS.join(" ")})'`);
  });

  it("names files where an option takes one", () => {
    expect(completed("kmemtap", "report", "-f", "/etc/host")).toContain("/etc/hostname");
  });

  // A shell that was not set up: nothing that completes is loaded before.
  it.skipIf(!has("zsh"))("works in zsh, files as well, behind an option and without one", () => {
    const script = join(tempDir(), "completion");
    writeFileSync(script, completionFor("zsh", program()));
    const typed = (line: string, whole: string) => {
      execFileSync("zsh", ["-fc", TYPED_IN_ZSH, "zsh", script, line, whole], { timeout: 20_000 });
    };
    typed("kmemtap sn", "snapshot");
    typed("kmemtap top --mode=h", "hist");
    typed("kmemtap report --account-file /etc/hostna", "hostname");
    typed("kmemtap report /etc/hostna", "hostname");
  });

  it.skipIf(!has("fish"))("works in fish", () => {
    const script = join(tempDir(), "completion");
    writeFileSync(script, completionFor("fish", program()));
    const offered = (line: string) =>
      execFileSync("fish", ["--no-config", "-c", `source ${script}; complete -C '${line}'`], { encoding: "utf8" })
        .split("\n")
        .map((each) => each.split("\t")[0]);
    expect(offered("kmemtap sn")).toContain("snapshot");
    expect(offered("kmemtap top --mode=h")).toContain("--mode=hist");
    expect(offered("kmemtap snapshot --format json,pn")).toContain("json,png");
    expect(offered("kmemtap report /etc/hostna")).toContain("/etc/hostname");
  });

  it.each(["bash", "zsh", "fish"] as const)("is printed for %s", async (shell) => {
    const { status, stdout } = await kmemtap(["completion", shell]);
    expect(status).toBe(0);
    for (const { name } of tree.commands) expect(stdout).toContain(name);
  });
});

/** Types a line and a tab in an interactive zsh in a terminal, and ends once it stands completed. Arguments: the completion, the line, the whole. */
const TYPED_IN_ZSH = String.raw`
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT=; source $1; echo be''gun"
zpty -r shell out '*begun*'
zpty -w -n shell "$2"$'\t'
zpty -r shell out "*$3*"`;

it("says of which build and Node it is", async () => {
  const { stdout } = await kmemtap(["--version"]);
  expect(stdout).toMatch(
    new RegExp(
      `^${manifest.version.replaceAll(".", "\\.")} \\(.+; Node ${process.versions.node.replaceAll(".", "\\.")}, `,
    ),
  );
});
