/** Said where a window is chosen, and a view cannot be of it. */
import type { ComponentChildren } from "preact";
import { view } from "../view/view-store.ts";

export function WholeNote({ children }: { readonly children: ComponentChildren }) {
  if (view.value.window === null) return null;
  return (
    <p class="leaks-note whole-note" data-testid="whole-note" role="note">
      {children}
    </p>
  );
}
