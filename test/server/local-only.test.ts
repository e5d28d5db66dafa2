import { describe, expect, it } from "vitest";
import { isLocalRequest, parseListenAddress } from "../../src/server/local-only.ts";

describe("parseListenAddress", () => {
  it.each([
    ["127.0.0.1:8642", "127.0.0.1", 8642],
    ["127.0.0.1:0", "127.0.0.1", 0],
    ["127.0.0.1", "127.0.0.1", 1234],
    ["127.1.2.3:80", "127.1.2.3", 80],
    ["localhost:8642", "localhost", 8642],
    ["localhost", "localhost", 1234],
    ["8642", "127.0.0.1", 8642],
    [":8642", "127.0.0.1", 8642],
    ["[::1]:8642", "::1", 8642],
    ["[::1]", "::1", 1234],
  ])("%s", (text, host, port) => {
    expect(parseListenAddress(text, 1234)).toEqual({ host, port });
  });

  it.each([
    "0.0.0.0:8642",
    "[::]:8642",
    "192.168.1.2",
    "example.com:80",
    "localhost.example.com:80",
    "127.0.0.1.example.com",
    "[::ffff:127.0.0.1]:1",
  ])("refuses what others could reach: %s", (text) => {
    expect(() => parseListenAddress(text, 1234)).toThrow(/this machine alone/);
  });

  it.each(["127.0.0.1:99999", "127.0.0.1:http", "127.0.0.1:", "::1", "a b", "127.0.0.1:1:2", "http://127.0.0.1:80"])(
    "refuses what is no address: %s",
    (text) => {
      expect(() => parseListenAddress(text, 1234)).toThrow(
        expect.objectContaining({ code: "cli/usage", exitCode: 2 }) as Error,
      );
    },
  );
});

describe("isLocalRequest", () => {
  it.each([
    ["127.0.0.1:8642", undefined],
    ["localhost:8642", undefined],
    ["[::1]:8642", undefined],
    ["127.0.0.1:8642", "http://127.0.0.1:8642"],
    ["localhost:8642", "http://localhost:8642"],
    ["[::1]:8642", "http://[::1]:8642"],
  ])("takes Host %s, Origin %s", (host, origin) => {
    expect(isLocalRequest(host, origin)).toBe(true);
  });

  it.each([
    [undefined, undefined],
    ["", undefined],
    ["example.com", undefined],
    ["example.com:8642", undefined],
    ["127.0.0.1.example.com:8642", undefined],
    ["localhost.example.com", undefined],
    ["127.0.0.1:8642", "http://example.com"],
    ["127.0.0.1:8642", "http://127.0.0.1:9999"],
    ["127.0.0.1:8642", "http://localhost:8642"],
    ["127.0.0.1:8642", "null"],
    ["127.0.0.1:8642", ""],
    ["127.0.0.1:8642", "http://127.0.0.1:8642.example.com"],
  ])("refuses Host %s, Origin %s", (host, origin) => {
    expect(isLocalRequest(host, origin)).toBe(false);
  });
});
