/** One row a CPU, with all of its numbers. */
import type { CpuStats, Loss } from "../../model/snapshot.ts";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { formatCount } from "../format/count.ts";
import { Bar } from "./bar.tsx";
import { fillBytesPerSecond, fillText, gaugeClass, lostOf, oldestText, timeToOverrun } from "./describe-buffers.ts";
import { Cell, Head, LossCell } from "./cells.tsx";

interface TableProps {
  readonly cpus: readonly CpuStats[];
  readonly loss: Loss;
}

export function BufferTable({ cpus, loss }: TableProps) {
  return (
    <table class="gauges buffer-table" role="table" aria-label="Ring buffers">
      <thead role="rowgroup">
        <tr role="row">
          <Head label="CPU" />
          <Head label="fill" hint="bytes in the buffer of its size" />
          <Head label="" />
          <Head label="held" hint="bytes in the buffer" />
          <Head label="unread" hint="entries: events that nobody has read yet" />
          <Head label="oldest" hint="age of the oldest unread event" />
          <Head label="fills at" hint="bytes a second by which it fills, while an overrun is in sight" />
          <Head
            label="overruns in"
            hint="time until events are lost: told once it has risen at three looks in a row, and within two minutes"
          />
          <Head label="lost" hint="events lost in this run, as the account has them" />
          <Head label="overrun" hint="events overwritten before they were read, at the last look" />
          <Head label="commit overrun" hint="events lost because nested writers filled the buffer, at the last look" />
          <Head
            label="dropped"
            hint="events refused because the buffer was full and may not overwrite, at the last look"
          />
        </tr>
      </thead>
      <tbody role="rowgroup">
        {cpus.map((cpu) => (
          <Row key={cpu.cpu} cpu={cpu} lost={lostOf(loss, cpu.cpu)} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ cpu, lost }: { readonly cpu: CpuStats; readonly lost: number }) {
  const rate = fillBytesPerSecond(cpu);
  return (
    <tr role="row" data-cpu={cpu.cpu} class={gaugeClass(cpu, lost)}>
      <th scope="row" role="rowheader">
        CPU {cpu.cpu}
      </th>
      <td role="cell" class="gauge-bar">
        <Bar share={cpu.fill} />
      </td>
      <Cell label="fill">{fillText(cpu)}</Cell>
      <Cell label="held" title={exactBytes(cpu.bytes)}>
        {humanBytes(cpu.bytes)}
      </Cell>
      <Cell label="unread" title={`${formatCount(cpu.readEvents)} events read so far`}>
        {formatCount(cpu.entries)}
      </Cell>
      <Cell label="oldest">{oldestText(cpu)}</Cell>
      <Cell label="fills at">{rate === null ? "–" : `${humanBytes(rate)}/s`}</Cell>
      <Cell label="overruns in" class="gauge-time">
        {timeToOverrun(cpu)}
      </Cell>
      <LossCell label="lost" count={lost} />
      <LossCell label="overrun" count={cpu.overrun} />
      <LossCell label="commit overrun" count={cpu.commitOverrun} />
      <LossCell label="dropped" count={cpu.droppedEvents} />
    </tr>
  );
}
