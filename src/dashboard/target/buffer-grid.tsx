/** Many CPUs at a glance: a cell each, with what is most urgent of it. */
import type { CpuStats, Loss } from "../../model/snapshot.ts";
import { formatCount } from "../format/count.ts";
import { Bar } from "./bar.tsx";
import { briefly, describeCpuStats, gaugeClass, lostOf } from "./describe-buffers.ts";

/** From here on a cell has one line. */
const TINY_FROM = 33;

interface GridProps {
  readonly cpus: readonly CpuStats[];
  readonly loss: Loss;
}

export function BufferGrid({ cpus, loss }: GridProps) {
  const tiny = cpus.length >= TINY_FROM;
  return (
    <ul class={tiny ? "buffer-grid buffer-grid-tiny" : "buffer-grid"} aria-label="Ring buffers">
      {cpus.map((cpu) => (
        <Cell key={cpu.cpu} cpu={cpu} lost={lostOf(loss, cpu.cpu)} tiny={tiny} />
      ))}
    </ul>
  );
}

interface CellProps {
  readonly cpu: CpuStats;
  readonly lost: number;
  readonly tiny: boolean;
}

function Cell({ cpu, lost, tiny }: CellProps) {
  const text = describeCpuStats(cpu, lost);
  return (
    <li data-cpu={cpu.cpu} class={gaugeClass(cpu, lost)} title={text}>
      <span class="visually-hidden">{text}</span>
      <span class="gauge-name" aria-hidden="true">
        {tiny ? cpu.cpu : `CPU ${cpu.cpu}`}
      </span>
      <b class="gauge-brief" aria-hidden="true">
        {briefly(cpu, lost)}
      </b>
      <Bar share={cpu.fill} />
      {!tiny && (
        <span class="gauge-more" aria-hidden="true">
          {formatCount(cpu.entries)} unread
        </span>
      )}
    </li>
  );
}
