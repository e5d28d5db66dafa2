import type { JSX, TargetedKeyboardEvent } from "preact";
import { useState } from "preact/hooks";
import { rowForKey } from "../callers/row-keys.ts";
import { TableHead } from "../callers/table-head.tsx";
import { exactBytes, humanBytes, signedBytes } from "../format/bytes.ts";
import { formatCount, signedCount } from "../format/count.ts";
import { Quantity } from "../parts/quantity.tsx";
import type { Gathering, TaskColumn, TaskLine, TaskSort } from "./gather-tasks.ts";
import type { TaskChoice } from "./task-choice.ts";
import { TaskCallers } from "./task-callers.tsx";

interface Column {
  readonly id: TaskColumn;
  readonly label: string;
  readonly hint: string;
  readonly cell?: (line: TaskLine) => JSX.Element;
}

const bytes = (value: number) => <Quantity text={humanBytes(value)} full={exactBytes(value)} />;
const count = (value: number) => <Quantity text={formatCount(value)} full={formatCount(value)} />;

const COLUMNS: readonly Column[] = [
  { id: "task", label: "task", hint: "who ran: name and pid" },
  { id: "net", label: "net", hint: "bytes it allocated that are allocated now", cell: (line) => bytes(line.netBytes) },
  { id: "live", label: "live", hint: "objects allocated and not freed", cell: (line) => count(line.liveObjects) },
  {
    id: "waste",
    label: "waste",
    hint: "allocated now less requested",
    cell: ({ wasteBytes }) => (wasteBytes === null ? <>–</> : bytes(wasteBytes)),
  },
  { id: "total", label: "total", hint: "bytes allocated ever", cell: (line) => bytes(line.totalBytes) },
  { id: "allocs", label: "allocs", hint: "allocations", cell: (line) => count(line.allocs) },
  { id: "frees", label: "frees", hint: "frees of its allocations, whoever freed", cell: (line) => count(line.frees) },
  {
    id: "callers",
    label: "callers",
    hint: "call sites by which it allocated",
    cell: ({ callSites }) => (callSites === null ? <>–</> : count(callSites)),
  },
];

const OF_WINDOW: Partial<Record<TaskColumn, Partial<Column>>> = {
  net: {
    label: "net change",
    hint: "bytes it allocated less those of its that were freed, in the window",
    cell: ({ netBytes }) => <Quantity text={signedBytes(netBytes)} full={exactBytes(netBytes)} />,
  },
  live: {
    label: "live change",
    hint: "live objects at the window's end less those at its beginning",
    cell: ({ liveObjects }) => <Quantity text={signedCount(liveObjects)} full={formatCount(liveObjects)} />,
  },
  total: { hint: "bytes allocated in the window" },
  allocs: { hint: "allocations in the window" },
  frees: { hint: "frees of its allocations in the window, whoever freed" },
  callers: { hint: "call sites of which something changed" },
};
/** What is not known between two moments. */
const NOT_OF_WINDOW: ReadonlySet<TaskColumn> = new Set(["waste"]);
const WINDOW_COLUMNS: readonly Column[] = COLUMNS.filter(({ id }) => !NOT_OF_WINDOW.has(id)).map((column) => ({
  ...column,
  ...OF_WINDOW[column.id],
}));
const PAGE = 15;

export function columnsOf(isWindow: boolean): readonly Column[] {
  return isWindow ? WINDOW_COLUMNS : COLUMNS;
}

interface TasksTableProps {
  readonly columns: readonly Column[];
  readonly lines: readonly TaskLine[];
  readonly by: Gathering;
  readonly sort: TaskSort;
  /** Trace clock of the account's last event, seconds. */
  readonly nowS: number;
  readonly onSort: (sort: TaskSort) => void;
}

export function TasksTable({ columns, lines, by, sort, nowS, onSort }: TasksTableProps) {
  const [open, setOpen] = useState<TaskChoice | null>(null);
  const [focused, setFocused] = useState<TaskChoice | null>(null);
  const tabbable = lines.some(({ choice }) => choice === focused) ? focused : lines.at(0)?.choice;
  const toggle = (choice: TaskChoice) => setOpen(open === choice ? null : choice);

  function onKeyDown(event: TargetedKeyboardEvent<HTMLTableSectionElement>): void {
    const row = event.target;
    if (!(row instanceof HTMLElement) || row.dataset["task"] === undefined) return;
    const index = lines.findIndex(({ choice }) => choice === row.dataset["task"]);
    if (index < 0) return;
    if (event.key === "Escape") row.blur();
    else if (event.key === "Enter" || event.key === " ") toggle(lines[index].choice);
    else {
      const to = rowForKey(event.key, index, lines.length, PAGE);
      if (to === null) return;
      event.currentTarget.querySelectorAll<HTMLElement>("tr[data-task]")[to].focus();
    }
    event.preventDefault();
  }

  return (
    <table class="tasks" data-testid="tasks" aria-label="Tasks">
      <colgroup>
        {columns.map(({ id }) => (
          <col key={id} class={id === "task" ? "col-caller" : `col-${id}`} />
        ))}
      </colgroup>
      <TableHead
        columns={columns}
        sort={sort}
        onSort={(column) =>
          onSort({ column, descending: sort.column === column ? !sort.descending : column !== "task" })
        }
      />
      <tbody
        onKeyDown={onKeyDown}
        onFocusCapture={({ target }) => {
          const row = lines.find(({ choice }) => choice === (target as HTMLElement).dataset["task"]);
          if (row !== undefined) setFocused(row.choice);
        }}
      >
        {lines.flatMap((line) => [
          <tr
            key={line.choice}
            class="row"
            data-task={line.choice}
            tabIndex={line.choice === tabbable ? 0 : -1}
            onClick={() => {
              // Whoever selects text to copy it opens nothing.
              if (getSelection()?.isCollapsed !== false) toggle(line.choice);
            }}
          >
            {columns.map(({ id, cell }) =>
              cell === undefined ? (
                <th key={id} scope="row" class="caller" title={line.name}>
                  <div>
                    <button
                      type="button"
                      class="row-toggle"
                      tabIndex={-1}
                      aria-expanded={open === line.choice}
                      aria-label={`Callers of ${line.name}`}
                    >
                      {open === line.choice ? "▾" : "▸"}
                    </button>
                    <span class="task-name">{line.name}</span>
                    {by === "name" && line.tasks > 1 && (
                      <span class="wrapper-mark">{formatCount(line.tasks)} tasks</span>
                    )}
                  </div>
                </th>
              ) : (
                <td key={id} data-column={id}>
                  {cell(line)}
                </td>
              ),
            )}
          </tr>,
          open === line.choice && (
            <tr key={`callers of ${line.choice}`} class="detail-row">
              <td colSpan={columns.length}>
                <TaskCallers choice={line.choice} name={line.name} nowS={nowS} />
              </td>
            </tr>
          ),
        ])}
      </tbody>
    </table>
  );
}
