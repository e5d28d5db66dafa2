import { describe, expect, it } from "vitest";
import { isLoopback, parseListenAddress } from "../../../src/server/access/listen-address.ts";

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
    ["0.0.0.0:8642", "0.0.0.0", 8642],
    ["[::]:8642", "::", 8642],
    ["192.168.1.2", "192.168.1.2", 1234],
    ["example.com:80", "example.com", 80],
  ])("%s, which others can reach", (text, host, port) => {
    expect(parseListenAddress(text, 1234)).toEqual({ host, port });
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

describe("isLoopback", () => {
  it.each(["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])("is this machine: %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(["0.0.0.0", "::", "192.168.1.2", "localhost.example.com", "127.0.0.1.example.com", "::ffff:127.0.0.1", ""])(
    "is not: %s",
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
