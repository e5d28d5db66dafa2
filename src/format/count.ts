/** One locale for all: the page's words are English, and screenshots should compare. */
const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `84,000`, with a true minus. */
export function formatCount(count: number): string {
  return grouped.format(count).replace("-", "−");
}

/** `12.3 %` of a share between 0 and 1; a dash where there is no whole to be a part of. */
export function formatShare(share: number, decimals = 1): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(decimals).replace("-", "−")} %` : "–";
}

/** `1 event`, `2 events` */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
