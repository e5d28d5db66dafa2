import { Argument, Command } from "@commander-js/extra-typings";
import { writeOutput } from "./write-output.ts";

/** `kmemtap completion bash`: what a shell completes the command line by. */
export function completionCommand() {
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
      const [{ completionFor }, { createProgram }] = await Promise.all([
        import("./manual/completion-scripts.ts"),
        import("./program.ts"),
      ]);
      await writeOutput(
        "-",
        completionFor(
          shell,
          createProgram(() => undefined),
        ),
      );
    });
}
