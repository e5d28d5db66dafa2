/** The frames themselves: clicked, or walked through by keys; what one holds is said beside them. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { FONT_FAMILY, fitText } from "../../rings/measure-text.ts";
import { INKS, shadeOf } from "../../rings/ring-colours.ts";
import { useColourScheme } from "../chart/use-colour-scheme.ts";
import { useRoom } from "../rings/use-room.ts";
import { type Frame, flameLayout, frameForKey } from "./flame-layout.ts";
import type { FlameNode } from "./flame-tree.ts";

const ROW = 19;
const FONT_SIZE = 11;

interface FlameGraphProps {
  readonly root: FlameNode;
  readonly path: readonly string[];
  readonly describe: (node: FlameNode) => string;
  readonly onZoom: (path: readonly string[]) => void;
  readonly onPoint: (node: FlameNode | null) => void;
}

export function FlameGraph({ root, path, describe, onZoom, onPoint }: FlameGraphProps) {
  const scheme = useColourScheme();
  const { frame, width } = useRoom();
  const frames = useMemo(() => flameLayout(root, path, width), [root, path, width]);
  const [focused, setFocused] = useState(0);
  const tabbable = Math.min(focused, frames.length - 1);
  const svg = useRef<SVGSVGElement>(null);
  const focusNext = useRef(false);
  useLayoutEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    focusOn(path.length);
  }, [frames]);

  function focusOn(index: number): void {
    setFocused(index);
    svg.current?.querySelector<SVGElement>(`[data-frame="${index}"]`)?.focus();
  }

  function zoom(to: readonly string[]): void {
    focusNext.current = true;
    onZoom(to);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") zoom(frames[tabbable].path);
    else if ((event.key === "Escape" || event.key === "Backspace") && path.length > 0) zoom(path.slice(0, -1));
    else {
      const to = frameForKey(frames, tabbable, event.key);
      if (to === null) return;
      focusOn(to);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  const depth = frames.reduce((most, one) => Math.max(most, one.depth), 0);
  return (
    <div class="flame-frame" ref={frame}>
      <svg
        ref={svg}
        width={width}
        height={(depth + 1) * ROW}
        role="group"
        aria-label="Flame graph: arrow keys walk through it, Enter zooms in, Escape out"
        font-family={FONT_FAMILY}
        font-size={FONT_SIZE}
        onKeyDown={onKeyDown}
        onPointerLeave={() => onPoint(null)}
      >
        {frames.map((one, index) => (
          <g
            key={one.path.join("\n")}
            class={one.depth < path.length ? "flame-node flame-above" : "flame-node"}
            role="button"
            aria-label={describe(one.node)}
            tabIndex={index === tabbable ? 0 : -1}
            data-frame={index}
            data-function={one.node.name}
            onClick={() => zoom(one.path)}
            onPointerEnter={() => onPoint(one.node)}
            onFocus={() => {
              setFocused(index);
              onPoint(one.node);
            }}
          >
            <rect
              x={one.x}
              y={one.depth * ROW}
              width={Math.max(1, one.width - 1)}
              height={ROW - 1}
              fill={colourOf(one)[scheme]}
            />
            <text x={one.x + 4} y={one.depth * ROW + 13} fill={INKS[scheme].label}>
              {fitText(one.node.name, one.width - 8, FONT_SIZE)}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

/** A module's functions are of one family, those of the image each of its own. */
function colourOf({ node, depth }: Frame) {
  if (depth === 0) return shadeOf({ path: [], kind: "others" });
  const module = /\[[^\]]+\]$/.exec(node.name)?.[0];
  return shadeOf({ path: [module ?? "built-in", node.name], kind: "symbol" });
}
