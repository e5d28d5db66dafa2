import type { ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import { ExactContext, WHY_APPROXIMATE } from "./exact-context.ts";

interface QuantityProps {
  /** As people read it: `12.3 MiB`. */
  readonly text: string;
  /** The same to the last digit; told when the pointer rests on it. */
  readonly full: string;
  /** Set the unit smaller than the number: where the number is large. */
  readonly smallUnit?: boolean;
}

/** A figure of the account. Marked with ≈ while the account is not exact. */
export function Quantity({ text, full, smallUnit = false }: QuantityProps) {
  const exact = useContext(ExactContext);
  return (
    <span class="quantity" title={exact ? full : `${full}, ${WHY_APPROXIMATE}`}>
      {!exact && <span class="approx">≈</span>}
      {smallUnit ? <WithSmallUnit text={text} /> : text}
    </span>
  );
}

interface QuantityCellProps extends Omit<QuantityProps, "smallUnit"> {
  readonly column: string;
  readonly value: number;
  readonly isNought?: boolean;
  /** Behind the figure. */
  readonly children?: ComponentChildren;
}

/** The same as a cell: a table of thousands has one element a figure, not two. */
export function QuantityCell({ text, full, column, value, isNought = false, children }: QuantityCellProps) {
  const exact = useContext(ExactContext);
  return (
    <td
      data-column={column}
      data-value={value}
      class={isNought ? "nought" : undefined}
      title={exact ? full : `${full}, ${WHY_APPROXIMATE}`}
    >
      {!exact && <span class="approx">≈</span>}
      {text}
      {children}
    </td>
  );
}

function WithSmallUnit({ text }: { readonly text: string }) {
  const [number, unit] = text.split(" ");
  return (
    <>
      {number}
      <small> {unit}</small>
    </>
  );
}
