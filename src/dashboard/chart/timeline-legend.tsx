/** What the lines and layers are, and their values under the pointer or, without one, now. */
import type uPlot from "uplot";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { ClippedName } from "../parts/clipped-name.tsx";
import { Quantity } from "../parts/quantity.tsx";
import { callerOf } from "../../model/caller.ts";
import type { HistoryPoint } from "../../model/wire.ts";
import { Moment } from "../time/moment.tsx";
import { layerShades } from "./layer-colour.ts";
import { type Sign, SIGNS } from "./drawn-words.ts";
import type { Layer, Stacking } from "./stack.ts";
import { useColourScheme } from "./use-colour-scheme.ts";

interface LegendProps {
  readonly stacking: Stacking;
  /** As the chart has them. */
  readonly columns: uPlot.AlignedData | undefined;
  /** Of the point under the pointer; null for now. */
  readonly index: number | null;
  readonly latest: HistoryPoint | undefined;
  readonly signs: Readonly<Record<Sign, number>>;
  readonly showLive: boolean;
  readonly onShowLive: (show: boolean) => void;
}

export function TimelineLegend(props: LegendProps) {
  const { stacking, columns, index, latest, signs, showLive, onShowLive } = props;
  const pointed = index === null ? undefined : pointAt(columns, index);
  const point = pointed ?? latest;
  return (
    <div class="chart-legend">
      {point !== undefined && (
        <>
          <span class="chart-time">
            <Moment seconds={point[0]} />
          </span>
          <span class="key key-net">
            net <Bytes bytes={point[1]} />
          </span>
          {stacking === "net" && (
            <>
              <span class="key key-requested">
                requested <Bytes bytes={point[2]} />
              </span>
              <span class="key key-waste">
                waste <Bytes bytes={point[1] - point[2]} />
              </span>
            </>
          )}
          {SIGNS.filter((sign) => signs[sign] > 0).map((sign) => (
            <span key={sign} class={`key key-${sign}`} data-sign={sign}>
              {sign}
            </span>
          ))}
        </>
      )}
      {stacking === "net" && (
        <label class="key key-live">
          <input type="checkbox" checked={showLive} onChange={(event) => onShowLive(event.currentTarget.checked)} />
          live objects{" "}
          {showLive && point !== undefined && (
            <Quantity text={formatCount(point[3])} full={`${formatCount(point[3])} objects`} />
          )}
        </label>
      )}
    </div>
  );
}

interface LayersProps {
  readonly layers: readonly Layer[];
  readonly columns: uPlot.AlignedData | undefined;
  readonly index: number | null;
}

/** Beside the chart, the topmost first, as they are drawn. */
export function LayerList({ layers, columns, index }: LayersProps) {
  const scheme = useColourScheme();
  const shades = layerShades(layers.map(({ name }) => name));
  const values = index === null ? undefined : valuesAt(columns, index, layers.length);
  return (
    <ol class="chart-layers" aria-label="Layers">
      <li class="key key-others">others</li>
      {layers
        .map(({ name, net }, i) => ({ name, net: values?.[i] ?? net.at(-1) ?? 0, shade: shades[i][scheme] }))
        .toReversed()
        .map(({ name, net, shade }) => (
          <li key={name} class="key" data-layer={name} title={`${name}: ${exactBytes(net)}`}>
            <svg class="rings-swatch" viewBox="0 0 10 10" aria-hidden="true">
              <rect width="10" height="10" rx="2" fill={shade} />
            </svg>
            <ClippedName name={calledOf(name)} /> <Bytes bytes={net} />
          </li>
        ))}
    </ol>
  );
}

/** A call site is one of its function's, which may hold more elsewhere; a directory as it is. */
function calledOf(layer: string): string {
  return layer.includes("+0x") ? callerOf(layer) : layer;
}

function pointAt(columns: uPlot.AlignedData | undefined, index: number): HistoryPoint | undefined {
  if (columns === undefined || index >= columns[0].length) return undefined;
  return [columns[0][index], columns[1]?.[index] ?? 0, columns[2]?.[index] ?? 0, columns[3]?.[index] ?? 0];
}

/** Of each layer, from the ground up; the columns are their upper edges, the topmost first. */
function valuesAt(columns: uPlot.AlignedData | undefined, index: number, layers: number): number[] | undefined {
  if (columns === undefined || columns.length < 4 + layers) return undefined;
  const edge = (layer: number) => (layer < 0 ? 0 : (columns[4 + layers - 1 - layer]?.[index] ?? 0));
  return Array.from({ length: layers }, (_, layer) => edge(layer) - edge(layer - 1));
}

function Bytes({ bytes }: { readonly bytes: number }) {
  return <Quantity text={humanBytes(bytes, 2)} full={exactBytes(bytes)} />;
}
