import { Argument, Command, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { writeOutput } from "./write-output.ts";

/**
 * `kmemtap completion bash`: what a shell completes the command line by.
 *
 * @param program gives the whole of it, this command included
 */
export function completionCommand(program: () => CommandUnknownOpts) {
  return new Command("completion")
    .description("print what completes kmemtap's commands and options in a shell")
    .addArgument(new Argument("<SHELL>", "the shell").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
Examples:
  kmemtap completion bash >/etc/bash_completion.d/kmemtap
  kmemtap completion zsh >>~/.zshrc
  kmemtap completion fish >~/.config/fish/completions/kmemtap.fish`,
    )
    .action(async (shell) => {
      const { completionFor } = await import("./manual/completion-scripts.ts");
      await writeOutput("-", completionFor(shell, program()));
    });
}
