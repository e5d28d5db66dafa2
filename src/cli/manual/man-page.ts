/** Manual pages, in roff for man(7), from the commands themselves: a page that is written by hand tells of options that are no more. */
import type { CommandText, OptionText } from "./command-tree.ts";

/** The pages by their names: kmemtap(1), and one for each command. */
export function manPages(program: CommandText, version: string): Map<string, string> {
  const pages = new Map([["kmemtap.1", programPage(program, version)]]);
  for (const command of program.commands) pages.set(`kmemtap-${command.name}.1`, commandPage(command, version));
  return pages;
}

function programPage({ description, options, commands }: CommandText, version: string): string {
  return page("KMEMTAP", version, [
    section("NAME", `kmemtap \\- ${escaped(lowered(description))}`),
    section("SYNOPSIS", ".B kmemtap\n.I COMMAND\n[options]"),
    section("DESCRIPTION", escaped(description)),
    section(
      "COMMANDS",
      commands
        .map(({ name, description: what }) => `.TP\n.BR kmemtap\\-${escaped(name)} (1)\n${escaped(what)}`)
        .join("\n"),
    ),
    section("OPTIONS", options.map(optionItem).join("\n")),
    section(
      "EXIT STATUS",
      [
        ["0", "done"],
        ["1", "a leak (with --fail-on-leak), over a limit"],
        ["2", "wrong use"],
        ["3", "the target, the file or the link failed"],
        ["4", "done, but events were lost (with --strict, or limits)"],
      ]
        .map(([status, meaning]) => `.TP\n.B ${status}\n${escaped(meaning)}`)
        .join("\n"),
    ),
    section(
      "FILES",
      `The configuration is the first of \\fB\\-\\-config\\fR, \\fB$KMEMTAP_CONFIG\\fR, ${["./kmemtap.yaml", "~/.config/kmemtap/kmemtap.yaml", "/etc/kmemtap.yaml"].map((file) => `\\fI${escaped(file)}\\fR`).join(", ")}.`,
    ),
  ]);
}

function commandPage(command: CommandText, version: string): string {
  const { name, usage, description, after } = command;
  const examples = /^Examples:\n/m.exec(after);
  const notes = examples === null ? after : after.slice(0, examples.index).trim();
  return page(`KMEMTAP-${name.toUpperCase()}`, version, [
    section("NAME", `kmemtap\\-${escaped(name)} \\- ${escaped(description)}`),
    section("SYNOPSIS", `.B kmemtap ${escaped(usage)}`),
    section("DESCRIPTION", escaped(capital(description)) + (notes === "" ? "" : `\n.PP\n${escaped(notes)}`)),
    ...(command.arguments.length === 0
      ? []
      : [
          section(
            "ARGUMENTS",
            command.arguments.map((argument) => item(argument.name, argument.description)).join("\n"),
          ),
        ]),
    section("OPTIONS", command.options.map(optionItem).join("\n")),
    ...(examples === null
      ? []
      : [section("EXAMPLES", `.nf\n${escaped(after.slice(examples.index + examples[0].length))}\n.fi`)]),
    section("SEE ALSO", ".BR kmemtap (1)"),
  ]);
}

function page(title: string, version: string, sections: readonly string[]): string {
  return `.TH ${title} 1 "" "kmemtap ${version}" "User Commands"\n${sections.join("\n")}\n`;
}

const section = (title: string, text: string): string => `.SH ${title}\n${text}`;
const item = (head: string, text: string): string => `.TP\n.B ${escaped(head)}\n${escaped(text)}`;
const optionItem = ({ flags, description }: OptionText): string => item(flags, description);
const lowered = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** roff takes a backslash, a hyphen, and a line's first dot or apostrophe for its own. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1");
}
