/**
 * The traced workload, a program of its own: bounded, allocation heavy, and touching many parts of the kernel.
 *
 *   node workload.mjs files|sockets DIR ROUNDS
 *
 * It prints `done` and then **keeps its objects** until stdin closes: the recording is stopped in between, so that
 * tens of thousands of objects are alive at the end of the text as on a real machine.
 */
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Per round: 1,000 files made, written, renamed, looked at; one in sixteen stays, and 20 stay open (NOFILE is 4096 in places). */
export function files(directory, rounds) {
  for (let round = 0; round < rounds; round++) {
    const room = join(directory, `round-${round}`);
    mkdirSync(room);
    for (let n = 0; n < 1000; n++) {
      const path = join(room, `file-${n}`);
      const fd = openSync(path, "w");
      writeSync(fd, path);
      if (n % 50 !== 0) closeSync(fd);
      if (n % 40 === 0) symlinkSync(path, `${path}.link`);
      const renamed = n % 4 === 1 ? `${path}.renamed` : path;
      if (renamed !== path) renameSync(path, renamed);
      if (n % 16 !== 3) unlinkSync(renamed);
    }
    // Open, look, close of what exists: short-lived `file` and name objects, the bulk of real traces.
    for (const name of readdirSync(room)) lstatSync(join(room, name));
    for (let n = 3; n < 1000; n += 16) closeSync(openSync(join(room, `file-${n}`), "r"));
  }
}

/** Per round: 20 connections, by turns over loopback TCP and a unix socket, ten messages and echoes each; two stay open. */
export async function sockets(directory, rounds) {
  const places = [{ host: "127.0.0.1", port: 0 }, { path: join(directory, "socket") }];
  for (const place of places) {
    const server = createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(place);
    await once(server, "listening");
    if ("port" in place) place.port = server.address().port;
  }
  for (let round = 0; round < rounds; round++) {
    await Promise.all(Array.from({ length: 20 }, (_, n) => talk(places[n % 2], n < 2)));
  }
}

async function talk(place, keep) {
  const socket = connect(place);
  await once(socket, "connect");
  for (let message = 0; message < 10; message++) {
    socket.write("x".repeat(200 + message * 300));
    await once(socket, "data");
  }
  if (keep) return;
  socket.end();
  await once(socket, "close");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , role, directory, rounds] = process.argv;
  if (role === "files") files(directory, Number(rounds));
  else await sockets(directory, Number(rounds));
  process.stdout.write("done\n");
  process.stdin.resume().on("end", () => process.exit(0));
}
