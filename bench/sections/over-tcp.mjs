/** The text over a loopback TCP connection, from one process to another that accounts it: what the sockets and the chunks that they make cost. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { median, Measurer } from "../measure.mjs";
import { figure, table } from "../table.mjs";

const scriptOf = (name) => fileURLToPath(new URL(`../over-tcp/${name}.mjs`, import.meta.url));

/** @type {import('./index.mjs').Section} */
export const overTcp = {
  name: "text over loopback TCP",
  async run({ input, options, say }) {
    const measurer = new Measurer();
    try {
      const costs = [];
      let events = 0;
      for (let round = 0; round < options.rounds; round++) {
        say(`round ${round + 1} of ${options.rounds}: text over loopback TCP`);
        const sender = spawn(process.execPath, [scriptOf("send"), input.traceFile], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        const ended = once(sender, "exit");
        const [port] = await once(sender.stdout, "data");
        const cost = await measurer.measure([process.execPath, scriptOf("account"), String(port).trim()]);
        events = Number(readFileSync(cost.stdoutFile, "utf8"));
        costs.push(cost);
        await ended;
      }
      const cpuSeconds = median(costs.map((cost) => cost.cpuSeconds));
      const wallSeconds = median(costs.map((cost) => cost.wallSeconds));
      const measures = { tcpMillionEventsPerSecond: events / wallSeconds / 1e6 };
      const report = table(
        ["reader", ""],
        [
          ["events", String(events)],
          ["CPU s, of the whole process", figure(cpuSeconds)],
          ["wall s", figure(wallSeconds)],
          ["M events/s, by the wall", figure(measures.tcpMillionEventsPerSecond)],
        ],
      );
      return { data: { events, cpuSeconds, wallSeconds }, measures, failed: events === 0, report };
    } finally {
      measurer.close();
    }
  },
};
