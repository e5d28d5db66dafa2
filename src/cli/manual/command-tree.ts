/** The command line as data: what manual pages and completions are written from. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { ListOption } from "../list-option.ts";

export interface OptionText {
  /** `-o, --output <FILE>` */
  readonly flags: string;
  readonly long: string | undefined;
  readonly short: string | undefined;
  readonly description: string;
  /** What it takes: `FILE`, `MS`; undefined where it takes nothing. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  /** It takes several of them, with commas between them. */
  readonly isList: boolean;
}

export interface CommandText {
  readonly name: string;
  /** `live [options] <TARGET>` */
  readonly usage: string;
  readonly description: string;
  readonly arguments: readonly {
    readonly name: string;
    readonly description: string;
    readonly choices: readonly string[];
  }[];
  readonly options: readonly OptionText[];
  /** What stands behind the options in its help: examples. */
  readonly after: string;
  readonly commands: readonly CommandText[];
}

export function commandTree(command: CommandUnknownOpts): CommandText {
  const help = command.createHelp();
  return {
    name: command.name(),
    usage: `${command.name()} ${command.usage()}`,
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      choices: argument.argChoices ?? [],
    })),
    options: help.visibleOptions(command).map((option) => ({
      flags: option.flags,
      long: option.long,
      short: option.short,
      description: help.optionDescription(option),
      value: /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1],
      choices: option instanceof ListOption ? option.listed : (option.argChoices ?? []),
      isList: option instanceof ListOption,
    })),
    after: textAfterHelp(command),
    commands: command.commands.map(commandTree),
  };
}

/** What addHelpText has put behind the help, which commander tells by printing it alone. */
function textAfterHelp(command: CommandUnknownOpts): string {
  let printed = "";
  const before = command.configureOutput();
  command.configureOutput({ ...before, writeOut: (text) => (printed += text) });
  command.outputHelp();
  command.configureOutput(before);
  return printed.slice(command.helpInformation().length).trim();
}
