/** `node account.mjs PORT`: accounts the text that a loopback TCP server sends, as a live session does, one `next` a chunk; prints the events. */
import { from, lastValueFrom, map, tap } from "rxjs";
import { EventLedger } from "../../build/accounting/ledger.js";
import { TextDecoder } from "../../build/ftrace/text-decoder.js";
import { CallSiteTable } from "../../build/model/call-site-table.js";
import { connectSocket } from "../../build/transport/socket.js";

const sites = new CallSiteTable();
const decoder = new TextDecoder(sites);
const ledger = new EventLedger(sites);
const stream = await connectSocket({ host: "127.0.0.1", port: Number(process.argv[2]) });
let events = 0;
const apply = (batch) => {
  events += batch.length;
  ledger.apply(batch);
};
await lastValueFrom(
  from(stream.bytes).pipe(
    map((chunk) => decoder.push(chunk)),
    tap(apply),
  ),
);
apply(decoder.end());
await stream.close();
console.log(events);
