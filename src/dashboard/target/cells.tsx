/** The cells of the target's tables. On a narrow page rows become cards, and each cell carries its column's name. */
import type { ComponentChildren } from "preact";
import { formatCount } from "../format/count.ts";

export function Head({ label, hint }: { readonly label: string; readonly hint?: string }) {
  return (
    <th scope="col" role="columnheader" title={hint}>
      {label}
    </th>
  );
}

interface CellProps {
  readonly label: string;
  readonly title?: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Cell({ label, title, class: name, children }: CellProps) {
  return (
    <td role="cell" data-label={label} title={title} class={name}>
      {children}
    </td>
  );
}

/** A count that should be nought. */
export function LossCell({ label, count }: { readonly label: string; readonly count: number }) {
  return (
    <Cell label={label} class={count > 0 ? "lossy" : "nought"}>
      {formatCount(count)}
    </Cell>
  );
}
