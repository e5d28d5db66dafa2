/** The rings themselves: drawn for the room there is, to be clicked, touched, and walked through by keys. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { FONT_FAMILY } from "../../rings/measure-text.ts";
import { ringGeometryOf, type Slice } from "../../rings/ring-geometry.ts";
import { INKS, type Shade } from "../../rings/ring-colours.ts";
import { labelOf } from "../../rings/ring-labels.ts";
import type { RingNode } from "../../rings/ring-tree.ts";
import { useColourScheme } from "../chart/use-colour-scheme.ts";
import { neighbourOf } from "./slice-keys.ts";
import { useRoom } from "./use-room.ts";

interface RingsViewProps {
  readonly tree: RingNode;
  readonly shade: (node: RingNode) => Shade;
  /** In the centre: the whole. */
  readonly figure: string;
  readonly brief: string;
  /** What a slice is, for those who do not see it. */
  readonly describe: (node: RingNode) => string;
  readonly onZoom: (node: RingNode) => void;
  /** Towards the kernel's root; null where the chart begins there. */
  readonly onOut: (() => void) | null;
  /** The slice under the pointer, or the one with the focus. */
  readonly onPoint: (node: RingNode | null) => void;
}

export function RingsView({ tree, shade, figure, brief, describe, onZoom, onOut, onPoint }: RingsViewProps) {
  const scheme = useColourScheme();
  const { frame, width, height } = useRoom();
  const radius = Math.max(60, Math.min(width, height) / 2 - 4);
  const fontSize = radius < 220 ? 10 : 11.5;
  const { slices, innerRadius } = useMemo(
    () =>
      ringGeometryOf(tree, {
        outerRadius: radius,
        innerRadius: Math.max(44, radius * 0.23),
        rings: radius < 220 ? 4 : 6,
        leastArc: 4,
        fontSize,
      }),
    [tree, radius, fontSize],
  );
  const labels = useMemo(() => slices.map((slice) => labelOf(slice, fontSize)), [slices, fontSize]);

  const svg = useRef<SVGSVGElement>(null);
  const [focused, setFocused] = useState(0);
  const tabbable = Math.min(focused, slices.length - 1);
  // Another tree under the same keys: the focus goes to its first slice, not out of the chart.
  const focusNext = useRef(false);
  useLayoutEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    focusOn(0);
  }, [tree]);

  function focusOn(index: number): void {
    setFocused(index);
    svg.current?.querySelector<SVGElement>(`[data-slice="${index}"]`)?.focus();
  }

  function zoom(node: RingNode): void {
    if (node.kind === "others" || node.children.length === 0) return;
    onZoom(node);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      focusNext.current = true;
      zoom(slices[tabbable].node);
    } else if (event.key === "Escape" || event.key === "Backspace") {
      if (onOut === null) return;
      event.preventDefault();
      focusNext.current = true;
      onOut();
    } else {
      const to = neighbourOf(slices, tabbable, event.key);
      if (to === null) return;
      event.preventDefault();
      focusOn(to);
    }
  }

  const ink = INKS[scheme].label;
  return (
    <div class="rings-frame" ref={frame}>
      <svg
        ref={svg}
        class="rings-svg"
        width={width}
        height={height}
        viewBox={`${-width / 2} ${-height / 2} ${width} ${height}`}
        role="group"
        aria-label="Ring chart: arrow keys walk through it, Enter zooms in, Escape out"
        font-family={FONT_FAMILY}
        onKeyDown={onKeyDown}
        onPointerLeave={() => onPoint(null)}
      >
        {slices.map((slice, index) => (
          <path
            key={keyOf(slice)}
            d={slice.shape}
            fill={shade(slice.node)[scheme]}
            class={slice.node.children.length > 0 ? "slice slice-zooms" : "slice"}
            role="button"
            aria-label={describe(slice.node)}
            tabIndex={index === tabbable ? 0 : -1}
            data-slice={index}
            data-path={slice.node.kind === "others" ? undefined : slice.node.path.join("/")}
            onClick={() => zoom(slice.node)}
            onPointerEnter={() => onPoint(slice.node)}
            onFocus={() => {
              setFocused(index);
              onPoint(slice.node);
            }}
            onBlur={() => onPoint(null)}
          />
        ))}
        {slices.length === 0 && (
          <circle class="rings-none" r={(radius + innerRadius) / 2} stroke-width={radius - innerRadius} />
        )}
        <g class="rings-labels" aria-hidden="true" fill={ink} text-anchor="middle">
          {labels.map((label, index) => {
            if (label === undefined) return null;
            const key = keyOf(slices[index]);
            const style = { "font-size": label.size, "font-weight": label.weight === "bold" ? "bold" : undefined };
            if (label.along === undefined) {
              const { x, y, turn } = label.across ?? { x: 0, y: 0, turn: 0 };
              return (
                <text key={key} {...style} transform={`translate(${x},${y})rotate(${turn})`} y={label.size * 0.36}>
                  {label.text}
                </text>
              );
            }
            const id = `ring-label-${index}`;
            return (
              <g key={key}>
                <path id={id} d={label.along} fill="none" />
                <text {...style}>
                  <textPath href={`#${id}`} startOffset="50%">
                    {label.text}
                  </textPath>
                </text>
              </g>
            );
          })}
        </g>
        <g
          class={onOut === null ? "rings-centre" : "rings-centre slice-zooms"}
          text-anchor="middle"
          onClick={() => onOut?.()}
          data-testid="rings-centre"
        >
          <circle r={innerRadius - 2} fill="transparent" />
          <text class="rings-figure" y={fontSize * 0.3} font-size={Math.min(30, innerRadius * 0.32)} font-weight="bold">
            {figure}
          </text>
          <text class="rings-brief" y={fontSize * 0.3 + 18} font-size={Math.min(13, innerRadius * 0.2)}>
            {brief}
          </text>
        </g>
      </svg>
    </div>
  );
}

function keyOf({ node }: Slice): string {
  return `${node.kind === "others" ? "*" : ""}${node.path.join("/")}`;
}
