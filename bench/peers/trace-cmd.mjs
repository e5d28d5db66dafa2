/** trace-cmd on the same ring buffers: its histogram, which only counts, and its report, which prints every event. */
import { programMissing } from "./program.mjs";

const unavailable = ({ datFile }) =>
  programMissing("trace-cmd") ?? (datFile === null ? "no trace.dat of this input" : null);

export const traceCmdHist = {
  name: "trace-cmd hist",
  id: "trace-cmd-hist",
  unavailable,
  command: ({ datFile }) => ["trace-cmd", "hist", "-i", datFile],
};

export const traceCmdReport = {
  name: "trace-cmd report",
  id: "trace-cmd-report",
  unavailable,
  command: ({ datFile }) => ["trace-cmd", "report", "-i", datFile],
};
