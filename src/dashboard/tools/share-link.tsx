import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

type Said = "copied" | "not copied";

const WORDS: Record<Said, string> = {
  copied: "the link was copied",
  "not copied": "this browser lets no page copy: the link is in the address bar",
};

const said = signal<Said | null>(null);
const SAID_MS = 4000;

/** The address restores the view: the link is the address. It holds no token. */
export function copyLink(): void {
  // Only a page from this machine or over https may write to the clipboard.
  const writing = (navigator.clipboard as Clipboard | undefined)?.writeText(location.href);
  if (writing === undefined) said.value = "not copied";
  else
    writing.then(
      () => (said.value = "copied"),
      () => (said.value = "not copied"),
    );
}

export function ShareLink() {
  const text = said.value;
  useEffect(() => {
    if (text === null) return undefined;
    const timer = setTimeout(() => (said.value = null), SAID_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <>
      <button
        type="button"
        class="chip share"
        data-testid="share"
        data-said={text ?? ""}
        title={text === null ? "copy a link that restores this view (c)" : WORDS[text]}
        onClick={copyLink}
      >
        {/* The button itself says it, in its own room: a word over the page would cover what is read. */}
        {text === null ? "Share" : text === "copied" ? "Copied" : "In the bar"}
      </button>
      <span class="visually-hidden" role="status">
        {text !== null && WORDS[text]}
      </span>
    </>
  );
}
