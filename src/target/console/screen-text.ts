/** What a console shows, made fit to be searched: without colours, without the kernel's log. */

/** CSI and OSC sequences, other escapes, and the bells and shifts that prompts are full of. */
/* eslint-disable no-control-regex */
const ESCAPES =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|\x1b[ -~]|[\x00-\x08\x0e-\x1a\x7f]/g;

/**
 * A whole line of the kernel's log, as printk puts it on a console, with or without its level and its caller
 * (`CONFIG_PRINTK_CALLER`). It goes to the UART past the terminal and may stand in the middle of any other line.
 */
const KERNEL_LINE = /(?:<\d{1,3}>)?\[ *\d{1,7}\.\d{6}\](?:\[ *[TC]\d+\])? [^\n]*\n/g;

/** Latin-1 or UTF-8 text, without escape sequences and with plain line ends. */
export function plainText(text: string): string {
  return text.replace(ESCAPES, "").replace(/\r+\n/g, "\n").replace(/\r/g, "\n");
}

/** The same without lines of the kernel's log; what they interrupted is whole again. */
export function withoutKernelLog(text: string): string {
  return text.replace(KERNEL_LINE, "");
}

/** The last lines that hold something, for an error's next step. `secret` is blotted out wherever it stands. */
export function lastLines(text: string, secret?: string): string {
  const lines = plainText(text)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .slice(-3)
    .map((line) => (line.length > 100 ? `${line.slice(0, 100)}…` : line));
  const shown = lines.join(" ⏎ ");
  return secret === undefined || secret === "" ? shown : shown.replaceAll(secret, "***");
}
