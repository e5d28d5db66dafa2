/** What shells complete a command line by, from the commands themselves. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { type CommandText, commandTree, type OptionText } from "./command-tree.ts";

export type CompletedShell = "bash" | "zsh" | "fish";

export function completionFor(shell: CompletedShell, program: CommandUnknownOpts): string {
  const tree = commandTree(program);
  if (shell === "fish") return fishScript(tree);
  return shell === "zsh" ? ZSH_BEGIN + bashScript(tree, shell) : bashScript(tree, shell);
}

/** zsh takes bash's completions, once it completes at all, which a shell without a framework does not. */
const ZSH_BEGIN = `(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
autoload -U +X bashcompinit && bashcompinit
`;

const flagsOf = ({ long, short }: OptionText): string[] => [short, long].filter((flag) => flag !== undefined);
const takesFile = ({ value }: OptionText): boolean => value !== undefined && /FILE|DIR/.test(value);

function bashScript({ options, commands }: CommandText, shell: "bash" | "zsh"): string {
  return `# kmemtap completion bash
_kmemtap() {
    local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
    local value=
    COMPREPLY=()
    # Of --mode=raw bash makes three words, unless COMP_WORDBREAKS lacks the equals sign; zsh makes one.
    if [ "$word" = = ]; then
        word=
    elif [ "$before" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
        before=\${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $word == --*=* ]]; then
        before=\${word%%=*} value=$before= word=\${word#*=}
    fi
    if [ "$COMP_CWORD" -le 1 ]; then
        COMPREPLY=($(compgen -W ${quoted([...commands.map(({ name }) => name), ...options.flatMap(flagsOf)])} -- "$word"))
        return
    fi
    case "$command" in
${commands.map((command) => bashCommand(command, shell)).join("")}    esac
}
complete ${shell === "zsh" ? "-o default" : "-o bashdefault"} -F _kmemtap kmemtap
`;
}

/** Files are zsh's own to complete (`-o default`), where no word fits: its `compgen -f` tells of none. */
function bashCommand({ name, options, arguments: taken }: CommandText, shell: "bash" | "zsh"): string {
  const files = shell === "zsh" ? `-W ""` : "-f";
  const valued = options.filter(({ value }) => value !== undefined);
  const cases = valued.map((option) => {
    const { choices, isList } = option;
    const offered = choices.length > 0 ? `-W ${quoted(choices)}` : takesFile(option) ? files : `-W ""`;
    // What stands before the last comma stays.
    const split = isList ? `[[ $word != *,* ]] || { value+=\${word%,*}, word=\${word##*,}; }; ` : "";
    return `            ${flagsOf(option).join(" | ")}) ${split}COMPREPLY=($(compgen -P "$value" ${offered} -- "$word")); return ;;\n`;
  });
  const words = [...taken.flatMap(({ choices }) => choices), ...options.flatMap(flagsOf)];
  const chosen = cases.length === 0 ? "" : `        case "$before" in\n${cases.join("")}        esac\n`;
  return `    ${name})\n${chosen}        COMPREPLY=($(compgen -W ${quoted(words)} -- "$word"))
        [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "$word"))
        ;;
`;
}

function fishScript({ options, commands }: CommandText): string {
  const first = "__fish_use_subcommand";
  return [
    "# kmemtap completion fish",
    ...commands.map(
      ({ name, description }) => `complete -c kmemtap -f -n ${first} -a ${name} -d ${quotedText(description)}`,
    ),
    ...options.map((option) => fishOption(first, option)),
    ...commands.flatMap(({ name, options: own }) =>
      own.map((option) => fishOption(`'__fish_seen_subcommand_from ${name}'`, option)),
    ),
    "",
  ].join("\n");
}

function fishOption(condition: string, option: OptionText): string {
  const { long, short, choices, isList, value, description } = option;
  const names = [long === undefined ? "" : `-l ${long.slice(2)}`, short === undefined ? "" : `-s ${short.slice(1)}`]
    .filter((part) => part !== "")
    .join(" ");
  const taken =
    value === undefined
      ? ""
      : choices.length > 0
        ? ` -x -a ${isList ? fishList(choices) : quoted(choices)}`
        : takesFile(option)
          ? " -r"
          : " -x";
  return `complete -c kmemtap -n ${condition} ${names}${taken} -d ${quotedText(description)}`;
}

/** Each with what stands before the last comma already. */
const fishList = (choices: readonly string[]): string => quotedText(`(__fish_append , ${choices.join(" ")})`);
const quoted = (words: readonly string[]): string => quotedText(words.join(" "));
const quotedText = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
