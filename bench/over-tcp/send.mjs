/** `node send.mjs FILE`: prints the port of a loopback TCP server that sends the file to whoever comes first, and ends. */
import { createReadStream } from "node:fs";
import { createServer } from "node:net";

const server = createServer((socket) => {
  server.close();
  createReadStream(process.argv[2], { highWaterMark: 1 << 18 }).pipe(socket);
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
