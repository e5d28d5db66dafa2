import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { CallerRowView, type RowProps } from "./caller-row.tsx";

interface Drawn {
  readonly props: RowProps;
  readonly element: JSX.Element;
}

/**
 * Rows as elements. One of which nothing changed is the same element as before, which Preact does not look into: of ten updates a
 * second most change few of the rows in sight.
 *
 * @returns to be called at each render: it gives what draws a row, once each
 */
export function useRowElements(): () => (props: Omit<RowProps, "moved">) => JSX.Element {
  const drawn = useRef(new Map<string, Drawn>());
  return () => {
    const before = drawn.current;
    const now = new Map<string, Drawn>();
    drawn.current = now;
    return (asked) => {
      const { callSite } = asked.row;
      const last = before.get(callSite);
      const props = { ...asked, moved: last !== undefined && hasMoved(last.props.row, asked.row) };
      const one =
        last !== undefined && isSame(last.props, props)
          ? last
          : { props, element: <CallerRowView key={callSite} {...props} /> };
      now.set(callSite, one);
      return one.element;
    };
  };
}

function isSame(a: RowProps, b: RowProps): boolean {
  return (
    a.row === b.row &&
    a.index === b.index &&
    a.columns === b.columns &&
    a.isOpen === b.isOpen &&
    a.tabbable === b.tabbable &&
    a.moved === b.moved
  );
}

function hasMoved(before: RowProps["row"], row: RowProps["row"]): boolean {
  return before.allocs !== row.allocs || before.frees !== row.frees || before.impliedFrees !== row.impliedFrees;
}
