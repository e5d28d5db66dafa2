/** What may be done to the target by those who may: start, stop, mark, larger buffers, a workload. */
import { useState } from "preact/hooks";
import { Popover } from "../parts/popover.tsx";
import { DEFAULT_LEAK_ROUNDS, ROUNDS_NEEDED } from "../../model/workload-rounds.ts";
import type { CpuStats } from "../../model/target-facts.ts";
import type { TargetSummary } from "../../model/wire.ts";
import type { ActionKind } from "../../model/action-kinds.ts";
import { changeView } from "../view/view-store.ts";
import { beforeRunInWords } from "../workload/describe-workload.ts";
import { act, said } from "./act.ts";
import { parsePhases } from "./parse-phases.ts";

export const CONTROLS = "controls";
const MARK_FIELD = "mark-text";
const READ_ONLY =
  "Stop, Grow and Run are for targets that kmemtap arms (ssh:, serial:, local: and so on); this one is read as it comes.";

export function openMark(): void {
  const menu = document.querySelector<HTMLDetailsElement>(`[data-testid="${CONTROLS}"]`);
  if (menu === null) return;
  menu.open = true;
  document.getElementById(MARK_FIELD)?.focus();
}

export interface ControlsProps {
  readonly target: TargetSummary | undefined;
  readonly cpus: readonly CpuStats[];
  /** How the target is read; undefined where that is not known. */
  readonly mode: string | undefined;
}

export function Controls({ target, cpus, mode }: ControlsProps) {
  const isOn = target?.state === "running" || target?.state === "starting";
  const may = (kind: ActionKind) => target?.actions.includes(kind) === true;
  const word = said.value;
  return (
    <Popover testId={CONTROLS} class="popover-right popover-chip" title="act on the target (m marks)" summary="Control">
      {may("mark") && <MarkForm />}
      {may("stop") && (
        <p class="control-row">
          <button type="button" data-control="stop" disabled={!isOn} onClick={() => void act({ kind: "stop" }, "stop")}>
            Stop
          </button>
          {may("start") && (
            <button
              type="button"
              data-control="start"
              disabled={isOn}
              onClick={() => void act({ kind: "start" }, "start")}
            >
              Start
            </button>
          )}
        </p>
      )}
      {may("grow") && <GrowForm present={Math.round((cpus.at(0)?.sizeBytes ?? 0) / 1024)} />}
      {may("run") ? <WorkloadForm mode={mode} /> : <p class="control-note">{READ_ONLY}</p>}
      {/* Beside what it answers, over nothing; its room is kept. */}
      <p
        class={word?.state === "refused" ? "control-said lossy" : "control-said"}
        role="status"
        data-testid="control-said"
      >
        {word?.what.split("\n", 1)[0]}
      </p>
      {word?.state === "done" && word.kind === "run" && <RunOutcome what={word.what} />}
    </Popover>
  );
}

/** What the phases printed, in lines as they were, and where their verdict is. */
function RunOutcome({ what }: { readonly what: string }) {
  const printed = what.includes("\n") ? what.slice(what.indexOf("\n") + 1) : "";
  return (
    <>
      {printed !== "" && (
        <pre class="control-output" data-testid="control-output" tabIndex={0}>
          {printed}
        </pre>
      )}
      <button
        type="button"
        class="chip"
        onClick={({ currentTarget }) => {
          changeView({ panel: "workload" });
          currentTarget.closest("details")?.removeAttribute("open");
        }}
      >
        see Workload
      </button>
    </>
  );
}

function MarkForm() {
  const [text, setText] = useState("");
  return (
    <form
      class="control-row"
      onSubmit={(event) => {
        event.preventDefault();
        void act({ kind: "mark", text: text.trim() }, "mark");
        setText("");
      }}
    >
      <input
        id={MARK_FIELD}
        aria-label="Text of the mark"
        placeholder="a mark: module loaded"
        required
        maxLength={200}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit" data-control="mark">
        Mark
      </button>
    </form>
  );
}

/** @param present KiB of each CPU's ring buffer as it is; 0 where that is not known */
function GrowForm({ present }: { readonly present: number }) {
  const [typed, setKilobytes] = useState<string>();
  const kilobytes = typed ?? String(present === 0 ? 8192 : 2 * present);
  return (
    <form
      class="control-row"
      onSubmit={(event) => {
        event.preventDefault();
        void act({ kind: "grow", bufferKb: Number(kilobytes) }, "grow");
      }}
    >
      <label>
        ring buffer of each CPU, KiB{present === 0 ? "" : ` (now ${present})`}{" "}
        <input
          type="number"
          min={4}
          max={16_777_216}
          required
          value={kilobytes}
          onInput={({ currentTarget }) => setKilobytes(currentTarget.value)}
        />
      </label>
      <button type="submit" data-control="grow">
        Grow
      </button>
    </form>
  );
}

function WorkloadForm({ mode }: Pick<ControlsProps, "mode">) {
  const [text, setText] = useState("load=modprobe fat\nunload=rmmod fat");
  const [rounds, setRounds] = useState(String(DEFAULT_LEAK_ROUNDS));
  const phases = parsePhases(text);
  const warning = beforeRunInWords(mode);
  return (
    <form
      class="control-block"
      onSubmit={(event) => {
        event.preventDefault();
        if (phases.state === "phases")
          void act({ kind: "run", phases: phases.phases, rounds: Number(rounds) }, "workload");
      }}
    >
      <label for="workload">a workload, a phase a line: NAME=COMMAND</label>
      <textarea
        id="workload"
        rows={3}
        spellcheck={false}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      {phases.state === "wrong" && <p class="lossy">{phases.why}</p>}
      <label>
        rounds ({ROUNDS_NEEDED}){" "}
        <input
          type="number"
          min={1}
          max={100}
          required
          value={rounds}
          onInput={({ currentTarget }) => setRounds(currentTarget.value)}
        />
      </label>
      {warning !== "" && (
        <p class="control-note lossy" data-testid="workload-warning">
          {warning}
        </p>
      )}
      <button type="submit" data-control="run" disabled={phases.state === "wrong"}>
        Run
      </button>
    </form>
  );
}
