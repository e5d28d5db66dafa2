/** Signs that say by shape what colour says too. Drawn on a grid of 16. */
const SHAPES = {
  check: "M3.5 8.5l3 3 6-7",
  warning: "M8 2.5l6 11H2zM8 6.5v3.5M8 12v.2",
  info: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 7.4V11M8 5v.2",
  dot: "M8 4.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7",
  ring: "M8 3a5 5 0 1 0 0 10a5 5 0 1 0 0-10M8 5.5V8l1.7 1.2",
  pause: "M5.5 4v8M10.5 4v8",
  play: "M5.5 3.5l7 4.5l-7 4.5z",
  stop: "M4.5 4.5h7v7h-7z",
  cross: "M4 4l8 8M12 4l-8 8",
  unplugged: "M2 14l3-3M11 5l3-3M6 7.5L8.5 10M4.5 9l2.5 2.5l1.5-1.5L6 7.5zM9.5 4.5L7.5 6.5L9.5 8.5L11.5 6.5z",
  tape: "M4.5 5.5a2.5 2.5 0 1 0 .01 0M11.5 5.5a2.5 2.5 0 1 0 .01 0M4.5 10.5h7",
} as const;

export type IconName = keyof typeof SHAPES;

const FILLED: ReadonlySet<IconName> = new Set<IconName>(["dot", "stop"]);

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={SHAPES[name]} class={FILLED.has(name) ? "icon-filled" : "icon-line"} />
    </svg>
  );
}
