/** Mode hist: the maps in the target's kernel, and what they cannot tell. */
import type { HistMap } from "../../model/target-facts.ts";
import { formatCount, formatShare } from "../format/count.ts";
import { Bar } from "./bar.tsx";
import { mapFill, mapGaugeClass } from "./describe-buffers.ts";
import { Cell, Head, LossCell } from "./cells.tsx";

export function HistMapTable({ maps }: { readonly maps: readonly HistMap[] }) {
  return (
    <table class="gauges map-table" role="table" aria-label="Hist maps">
      <thead role="rowgroup">
        <tr role="row">
          <Head label="map" />
          <Head label="fill" hint="keys taken of those that it can hold" />
          <Head label="" />
          <Head label="entries" hint="keys taken" />
          <Head label="size" hint="keys that it can hold" />
          <Head label="dropped" hint="events that found no room: any makes the account inexact" />
        </tr>
      </thead>
      <tbody role="rowgroup">
        {maps.map((map) => (
          <tr role="row" key={map.map} data-map={map.map} class={mapGaugeClass(map)}>
            <th scope="row" role="rowheader">
              {map.map}
            </th>
            <td role="cell" class="gauge-bar">
              <Bar share={mapFill(map)} />
            </td>
            <Cell label="fill">{formatShare(mapFill(map), 0)}</Cell>
            <Cell label="entries">{formatCount(map.entries)}</Cell>
            <Cell label="size">{formatCount(map.size)}</Cell>
            <LossCell label="dropped" count={map.dropped} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}
