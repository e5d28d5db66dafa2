import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

const said = signal<string | null>(null);
const SAID_MS = 4000;

/** The address restores the view: the link is the address. It holds no token. */
export function copyLink(): void {
  // Only a page from this machine or over https may write to the clipboard.
  const writing = (navigator.clipboard as Clipboard | undefined)?.writeText(location.href);
  if (writing === undefined) said.value = "copy it from the address bar";
  else
    writing.then(
      () => (said.value = "link copied"),
      () => (said.value = "copy it from the address bar"),
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
        class="chip"
        data-testid="share"
        title="copy a link that restores this view (c)"
        onClick={copyLink}
      >
        Share
      </button>
      <span class="tools-said" role="status">
        {text}
      </span>
    </>
  );
}
