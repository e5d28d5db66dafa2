/** A batch's columns in a module's memory: assembly/columns.ts. */
import type { WasmGlobal, WasmMemory } from "./instantiate.ts";

/** What a module that has them exports. */
export interface ColumnExports {
  readonly memory: WasmMemory;
  readonly CAPACITY: WasmGlobal;
  readonly kind: WasmGlobal;
  readonly ptrLow: WasmGlobal;
  readonly ptrHigh: WasmGlobal;
  readonly callSite: WasmGlobal;
  readonly bytesReq: WasmGlobal;
  readonly bytesAlloc: WasmGlobal;
  readonly cpu: WasmGlobal;
  readonly timeNs: WasmGlobal;
}

/** What a module exports besides that says whose its events are. */
export interface TaskExports extends ColumnExports {
  readonly task: WasmGlobal;
}

/** A view of the column of tasks, valid until the memory grows. */
export function tasksOf(wasm: TaskExports): Uint32Array {
  return new Uint32Array(wasm.memory.buffer, wasm.task.value, wasm.CAPACITY.value);
}

/** Views of the columns, valid until the memory grows. */
export function columnsOf(wasm: ColumnExports) {
  const { buffer } = wasm.memory;
  const capacity = wasm.CAPACITY.value;
  return {
    kind: new Uint8Array(buffer, wasm.kind.value, capacity),
    ptrLow: new Uint32Array(buffer, wasm.ptrLow.value, capacity),
    ptrHigh: new Uint32Array(buffer, wasm.ptrHigh.value, capacity),
    callSite: new Uint32Array(buffer, wasm.callSite.value, capacity),
    bytesReq: new Float64Array(buffer, wasm.bytesReq.value, capacity),
    bytesAlloc: new Float64Array(buffer, wasm.bytesAlloc.value, capacity),
    cpu: new Uint16Array(buffer, wasm.cpu.value, capacity),
    timeNs: new Float64Array(buffer, wasm.timeNs.value, capacity),
  };
}
