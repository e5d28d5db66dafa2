/** Many CPUs at a glance: a cell each, with what is most urgent of it. */
import type { CpuStats } from "../../model/target-facts.ts";
import { formatCount } from "../format/count.ts";
import { Bar } from "./bar.tsx";
import { briefly, describeCpuStats, gaugeClass } from "./describe-buffers.ts";

/** From here on a cell has one line. */
const TINY_FROM = 33;

export function BufferGrid({ cpus }: { readonly cpus: readonly CpuStats[] }) {
  const tiny = cpus.length >= TINY_FROM;
  return (
    <ul class={tiny ? "buffer-grid buffer-grid-tiny" : "buffer-grid"} aria-label="Ring buffers">
      {cpus.map((cpu) => (
        <li key={cpu.cpu} data-cpu={cpu.cpu} class={gaugeClass(cpu)} title={describeCpuStats(cpu)}>
          <span class="visually-hidden">{describeCpuStats(cpu)}</span>
          <span class="gauge-name" aria-hidden="true">
            {tiny ? cpu.cpu : `CPU ${cpu.cpu}`}
          </span>
          <b class="gauge-brief" aria-hidden="true">
            {briefly(cpu)}
          </b>
          <Bar share={cpu.fill} />
          {!tiny && (
            <span class="gauge-more" aria-hidden="true">
              {formatCount(cpu.entries)} unread
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
