import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

interface PopoverProps {
  readonly class?: string;
  readonly summary: ComponentChildren;
  readonly title?: string | undefined;
  readonly testId: string;
  readonly children: ComponentChildren;
}

/** More on demand, above what is below it: opened like any details element, closed by Escape too. One is open at a time. */
export function Popover({ class: name = "", summary, title, testId, children }: PopoverProps) {
  const details = useRef<HTMLDetailsElement>(null);
  return (
    <details
      class={`popover ${name}`}
      name="popover"
      ref={details}
      data-testid={testId}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || details.current?.open !== true) return;
        details.current.open = false;
        details.current.querySelector("summary")?.focus();
      }}
    >
      <summary title={title}>{summary}</summary>
      <div class="popover-body">{children}</div>
    </details>
  );
}
