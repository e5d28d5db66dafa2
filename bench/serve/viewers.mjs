/**
 * Many viewers of one server, some of which never read: `node viewers.mjs URL COUNT STUCK`. Says on its standard output, a line of JSON a
 * second, how old updates were when they came and how long viewers went without, milliseconds.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";

const [url, count, stuck] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
/** The server takes so many requests of one address a second. */
const AT_ONCE = 20;
/** Who never reads answers no ping either: the server hangs up, it does not notice, and comes again. */
const COME_AGAIN_MS = 40_000;
const NOW = /"nowMs":(\d+)/;

const ages = [];
const gaps = [];
let open = 0;
for (let i = 0; i < count; i++) {
  watch(i < stuck);
  if (i % AT_ONCE === AT_ONCE - 1) await sleep(250);
}
setInterval(() => {
  console.log(JSON.stringify({ open, ages: ages.splice(0), gaps: gaps.splice(0) }));
}, 1000);

function watch(neverReads) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
  let lastMs;
  socket.on("open", () => {
    open += 1;
    socket.send(JSON.stringify({ type: "subscribe", target: "target" }));
    if (neverReads) socket.pause();
  });
  socket.on("message", (data) => {
    const text = data.toString();
    if (neverReads || !text.startsWith('{"type":"changes"')) return;
    const nowMs = Date.now();
    ages.push(nowMs - Number(NOW.exec(text)[1]));
    if (lastMs !== undefined) gaps.push(nowMs - lastMs);
    lastMs = nowMs;
  });
  if (neverReads)
    setTimeout(() => {
      socket.terminate();
      watch(true);
    }, COME_AGAIN_MS);
  socket.on("error", (error) => console.error(`a viewer: ${error.message}`));
}
