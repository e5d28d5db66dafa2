/** Who gets in, each way tried from outside of the server. */
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { connect as connectTcp } from "node:net";
import { describe, expect, it } from "vitest";
import type { Token } from "../../../src/server/access/tokens.ts";
import { allocation, updateOf } from "../../support/live-update.ts";
import { connect, OPEN_ACCESS, serving, statusWith } from "../../support/serving.ts";
import { until } from "../../support/until.ts";

const READER: Token = { name: "reader", secret: "r".repeat(32), rights: { read: true, control: false } };
const OPERATOR: Token = { name: "operator", secret: "o".repeat(32), rights: { read: true, control: true } };
const TOKENS = { access: { tokens: [READER, OPERATOR] } };
const bearer = ({ secret }: Token) => ({ authorization: `Bearer ${secret}` });
const LIST = "/api/targets";
const outward = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;

async function ticketOf(url: string, headers: Record<string, string>) {
  const answer = await fetch(`${url}/api/tickets`, { method: "POST", headers });
  return { status: answer.status, ...((await answer.json()) as { ticket: string; rights: unknown }) };
}

describe("tokens", () => {
  it("let in who has one, and nobody else", async () => {
    const { url } = await serving(TOKENS);
    const status = async (headers: Record<string, string>) => (await fetch(url + LIST, { headers })).status;
    expect(await status(bearer(READER))).toBe(200);
    expect(await status({ authorization: `bearer ${OPERATOR.secret}` })).toBe(200);
    const wrong = [
      "Bearer wrong",
      `Bearer ${READER.secret}x`,
      `Bearer ${READER.secret.slice(1)}`,
      READER.secret,
      "Bearer ",
      "",
    ];
    for (const authorization of wrong) expect(await status({ authorization })).toBe(401);
    const refused = await fetch(url + LIST);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toBe("Bearer");
    expect(await refused.json()).toMatchObject({ help: expect.stringContaining("Authorization") as string });
    expect((await fetch(`${url}${LIST}?token=${READER.secret}`)).status).toBe(401);
  });

  it.each(["/api/targets/target/snapshot.json", "/api/nothing", "/%61pi/targets", "//api/targets", "/api/targets/"])(
    "without one there is nothing of a target at %s",
    async (path) => {
      const { url, updates } = await serving(TOKENS);
      updates.next(updateOf([allocation("secret_site", 1)]));
      const answer = await fetch(url + path);
      expect(answer.ok).toBe(false);
      expect(await answer.text()).not.toMatch(/secret_site|"state"/);
    },
  );

  it("are not needed for the page, and to hear that it lives, which tells no more", async () => {
    const { url } = await serving(TOKENS);
    expect((await fetch(url)).status).toBe(200);
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
    const known = await fetch(`${url}/healthz`, { headers: bearer(READER) });
    expect(await known.json()).toMatchObject({ targets: { target: "starting" } });
  });

  it("open a WebSocket by header, and by a ticket that works once; nothing else does", async () => {
    const { url } = await serving(TOKENS);
    const byHeader = connect(url, { headers: bearer(READER) });
    await until("hello", () => byHeader.messages.length === 1);
    expect(byHeader.messages[0]).toMatchObject({ rights: { control: false } });

    const { ticket } = await ticketOf(url, bearer(OPERATOR));
    const protocols = ["kmemtap.wire.2", `ticket.${ticket}`];
    const byTicket = connect(url, { protocols });
    await until("hello", () => byTicket.messages.length === 1);
    expect(byTicket.messages[0]).toMatchObject({ rights: { control: true } });
    expect(byTicket.socket.protocol).toBe("kmemtap.wire.2");

    const again = connect(url, { protocols });
    const none = connect(url);
    const wrong = connect(url, { headers: { authorization: "Bearer wrong" } });
    const token = connect(url, { protocols: ["kmemtap.wire.2", `ticket.${READER.secret}`] });
    for (const viewer of [again, none, wrong, token]) {
      await until("the refusal", () => viewer.failure !== "");
      expect(viewer.failure).toContain("401");
      expect(viewer.messages).toEqual([]);
    }
    expect((await ticketOf(url, {})).status).toBe(401);
  });

  it("and tickets are in no log", async () => {
    const { url, log } = await serving(TOKENS);
    const { ticket } = await ticketOf(url, bearer(READER));
    const viewer = connect(url, { protocols: ["kmemtap.wire.2", `ticket.${ticket}`] });
    await until("hello", () => viewer.messages.length === 1);
    await fetch(`${url}/api/targets/none/snapshot.json`, { headers: bearer(READER) });
    await fetch(`${url}/api/targets`, { headers: { authorization: "Bearer wrong-secret" } });
    const all = log.join("");
    for (const secret of [READER.secret, ticket, "wrong-secret"]) expect(all).not.toContain(secret);
  });

  it("are asked for where others than this machine can reach the server", async () => {
    await expect(serving({ host: "0.0.0.0" })).rejects.toMatchObject({
      code: "cli/usage",
      exitCode: 2,
      nextStep: expect.stringContaining("--token-file") as string,
    });
  });

  it.skipIf(outward === undefined)("let in from outside by this machine's address, and by no other name", async () => {
    const { port } = await serving({ host: "0.0.0.0", ...TOKENS });
    const url = `http://${outward ?? ""}:${port}`;
    expect((await fetch(url + LIST)).status).toBe(401);
    expect((await fetch(url + LIST, { headers: bearer(READER) })).status).toBe(200);
    expect(await statusWith(url + LIST, { ...bearer(READER), Host: `evil.example:${port}` })).toBe(403);
    expect(await statusWith(url + LIST, { ...bearer(READER), Origin: "http://evil.example" })).toBe(403);
  });
});

describe("this machine, without tokens", () => {
  it.each([
    ["127.0.0.1", 200],
    ["localhost", 200],
    ["LOCALHOST", 200],
    ["[::1]", 200],
    ["example.com", 403],
    ["127.0.0.1.example.com", 403],
    ["localhost.example.com", 403],
    // An address is not this machine's alone to a server that is.
    ["192.168.7.7", 403],
  ])("is asked as %s: %i", async (host, status) => {
    const { url, port } = await serving();
    expect(await statusWith(url + LIST, { Host: `${host}:${port}` })).toBe(status);
  });

  it.each([
    ["its own page", (url: string) => ({ Origin: url }), 200],
    ["a page of another port", () => ({ Origin: "http://127.0.0.1:1" }), 403],
    ["a page from elsewhere", () => ({ Origin: "http://example.com" }), 403],
    ["a page with the same beginning", (url: string) => ({ Origin: `${url}.example.com` }), 403],
    ["a sandboxed page", () => ({ Origin: "null" }), 403],
    [
      "a picture in a page from elsewhere",
      () => ({ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" }),
      403,
    ],
    ["a link that is followed", () => ({ "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" }), 200],
  ])("is asked by %s", async (_, headersOf, status) => {
    const { url } = await serving();
    const headers = Object.fromEntries(Object.entries(headersOf(url))) as Record<string, string>;
    expect(await statusWith(url + LIST, headers)).toBe(status);
  });

  it("answers a name that the configuration has", async () => {
    const { url } = await serving({ access: { hosts: ["Traps.Example"] } });
    expect(await statusWith(url + LIST, { Host: "traps.example" })).toBe(200);
    expect(await statusWith(url + LIST, { Host: "x.traps.example" })).toBe(403);
  });

  it("may act, unless nobody may", async () => {
    const open = connect((await serving()).url);
    await until("hello", () => open.messages.length === 1);
    expect(open.messages[0]).toMatchObject({ rights: { control: true } });
    const closed = connect((await serving({ access: { readOnly: true } })).url);
    await until("hello", () => closed.messages.length === 1);
    expect(closed.messages[0]).toMatchObject({ rights: { control: false } });
  });
});

describe("a reverse proxy", () => {
  const rights = { read: true, control: false };

  it("that is named lets in whom it knows, by its own names alone", async () => {
    const { url } = await serving({ access: { hosts: ["mem.example"], proxy: { addresses: ["127.0.0.1"], rights } } });
    expect(await statusWith(url + LIST, { Host: "mem.example", Origin: "https://mem.example" })).toBe(200);
    expect(await statusWith(url + LIST, { Host: "mem.example", Origin: "https://evil.example" })).toBe(403);
    const viewer = connect(url);
    await until("hello", () => viewer.messages.length === 1);
    expect(viewer.messages[0]).toMatchObject({ rights: { control: false } });
  });

  it("may be named as a socket that hears both kinds of address has it, and uses Authorization for itself", async () => {
    const proxy = { addresses: ["::ffff:127.0.0.1"], rights };
    const { url } = await serving({ access: { tokens: [READER], hosts: ["mem.example"], proxy } });
    const status = (authorization: string) => statusWith(url + LIST, { host: "mem.example", authorization });
    expect(await status("Basic dXNlcjpwYXNz")).toBe(200);
    expect(await status("Bearer wrong")).toBe(401);
  });

  it("that is another one lets in nobody, whomever it says that it speaks for", async () => {
    const { url } = await serving({ access: { proxy: { addresses: ["10.0.0.1"], rights } } });
    expect(await statusWith(url + LIST, {})).toBe(401);
    expect(await statusWith(url + LIST, { "X-Forwarded-For": "10.0.0.1" })).toBe(401);
  });
});

describe("an upgrade", () => {
  it.each([
    ["GET /% HTTP/1.1", 400],
    ["GET /api/targets/%E0/x HTTP/1.1", 400],
    ["GET / HTTP/1.1", 400],
    ["GET /healthz HTTP/1.1", 400],
    ["GET /nope HTTP/1.1", 400],
    ["GET /ws HTTP/1.1", 401],
  ])("that asks %s opens no WebSocket without a token, and its socket is closed", async (line, status) => {
    const { port } = await serving(TOKENS);
    const socket = connectTcp(port, "127.0.0.1");
    let said = "";
    socket.setEncoding("latin1").on("data", (text: string) => (said += text));
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    socket.write(`${line}\r\nHost: 127.0.0.1:${String(port)}\r\n${upgrade}\r\n${key}\r\n\r\n`);
    await once(socket, "close");
    expect(said).toMatch(new RegExp(`^HTTP/1.1 ${String(status)} `));
    expect(said.toLowerCase()).toContain("content-security-policy");
  });
});

describe("limits", () => {
  const { limits } = OPEN_ACCESS;

  it("on connections, in all and of an address; who leaves makes room", async () => {
    const { url } = await serving({ access: { limits: { ...limits, connectionsPerAddress: 2 } } });
    const viewers = [connect(url), connect(url)];
    await until("two", () => viewers.every(({ messages }) => messages.length === 1));
    const third = connect(url);
    await until("the refusal", () => third.failure !== "");
    expect(third.failure).toContain("503");
    viewers[0].socket.close();
    await until("the end of one", () => viewers[0].closed !== 0);
    const fourth = connect(url);
    await until("hello", () => fourth.messages.length === 1);
  });

  it("on messages of a viewer, and on no other's", async () => {
    const { url } = await serving({ access: { limits: { ...limits, messagesPerSecond: 5 } } });
    const [many, few] = [connect(url), connect(url)];
    await until("both", () => many.messages.length + few.messages.length === 2);
    for (let i = 0; i < 100; i++) many.say({ type: "resync", target: "target" });
    await until("the close", () => many.closed !== 0);
    expect(many.closed).toBe(1008);
    few.say({ type: "resync", target: "target" });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(few.closed).toBe(0);
  });

  it("on requests, refused ones too, and not for ever", async () => {
    const { url } = await serving({ access: { limits: { ...limits, requestsPerSecond: 5 } } });
    const statuses = [];
    for (let i = 0; i < 20; i++)
      statuses.push((await fetch(url + LIST, { headers: { Origin: "http://x.example" } })).status);
    expect(new Set(statuses)).toEqual(new Set([403, 429]));
    await until("room again", async () => (await fetch(`${url}/healthz`)).status === 200, 5000);
  });

  it("on what a request holds", async () => {
    const { url } = await serving();
    const answer = await fetch(`${url}/api/tickets`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify("x".repeat(100_000)),
    });
    expect(answer.status).toBe(413);
    const headers = await statusWith(url + LIST, { "X-Long": "x".repeat(50_000) });
    expect(headers).toBe(431);
  });

  it("on a peer that does not speak HTTP", async () => {
    const { port, url } = await serving();
    const socket = connectTcp(port, "127.0.0.1");
    socket.write("\x16\x03\x01 nonsense\r\n\r\n");
    socket.resume();
    await once(socket, "close");
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
