import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { until } from "../support/until.ts";
import type { ContractSize, StreamUnderTest } from "./link-contract.ts";
import { ALL_BYTES, drainInto, LOST, settled, sha, take, writeUntilRefused } from "./link-reading.ts";

export function streamContract(name: string, open: () => Promise<StreamUnderTest>, size: ContractSize = {}): void {
  const { largeBytes = 4_000_000, boundBytes = 4_000_000 } = size;
  const opened = async () => {
    const under = await open();
    onTestFinished(() => under.stream.close());
    return under;
  };

  describe(`${name}: a stream`, () => {
    it("carries every byte, both ways", async () => {
      const { stream, peer } = await opened();
      await peer.write(ALL_BYTES);
      expect(await take(stream, 256)).toEqual(Buffer.from(ALL_BYTES));
      await stream.write(ALL_BYTES);
      await until("the bytes at the peer", () => peer.received().length >= 256);
      expect(peer.received()).toEqual(Buffer.from(ALL_BYTES));
    });

    it("carries large transfers, both ways at once", async () => {
      const { stream, peer } = await opened();
      const down = randomBytes(largeBytes);
      const up = randomBytes(largeBytes);
      const [read] = await Promise.all([take(stream, largeBytes), peer.write(down), stream.write(up)]);
      expect(sha(read)).toBe(sha(down));
      await until("the bytes at the peer", () => peer.received().length >= largeBytes);
      expect(sha(peer.received())).toBe(sha(up));
    });

    it("keeps the order of writes that were not waited for", async () => {
      const { stream, peer } = await opened();
      const parts = Array.from({ length: 200 }, (_, i) => Buffer.from(`part ${i}\n`.repeat(20)));
      await Promise.all(parts.map((part) => stream.write(part)));
      const whole = Buffer.concat(parts);
      await until("all parts", () => peer.received().length >= whole.length);
      expect(peer.received().toString()).toBe(whole.toString());
    });

    it("is read in stretches", async () => {
      const { stream, peer } = await opened();
      await peer.write(Buffer.from("one"));
      expect((await take(stream, 3)).toString()).toBe("one");
      await peer.write(Buffer.from("two"));
      expect((await take(stream, 3)).toString()).toBe("two");
    });

    it("stops the sender when nobody reads, and loses nothing by it", async () => {
      const { stream, peer } = await opened();
      const piece = Buffer.alloc(16 * 1024, "x");
      const sent = { bytes: 0 };
      const wanted = boundBytes * 2;
      const sending = (async () => {
        while (sent.bytes < wanted) {
          await peer.write(piece);
          sent.bytes += piece.length;
        }
      })();
      await take(stream, 1);
      await settled(() => sent.bytes);
      expect(sent.bytes).toBeLessThan(boundBytes);
      // The first chunk was read already, all of it, by a reader that wanted one byte.
      const rest = drainInto(stream);
      await sending;
      await until("the rest", () => rest.bytes + 64 * 1024 >= wanted);
    });

    it("says so when the peer is dead", async () => {
      const { stream, peer, deadPeerIs } = await opened();
      await peer.write(Buffer.from("x"));
      await take(stream, 1);
      const reading = take(stream, 1);
      peer.kill();
      if (deadPeerIs === "lost") await expect(reading).rejects.toEqual(LOST);
      else expect(await reading).toHaveLength(0);
      await expect(writeUntilRefused(stream)).rejects.toEqual(LOST);
    });

    it("says so to a writer whose bytes nobody took", async () => {
      const { stream, peer } = await opened();
      peer.stall();
      const writing = stream.write(Buffer.alloc(64_000_000));
      void writing.catch(() => undefined);
      peer.kill();
      const reading = take(stream, 1).catch(() => undefined);
      await expect(writing).rejects.toEqual(LOST);
      await reading;
    });

    it("closes twice, also while it is read, and takes nothing after", async () => {
      const { stream } = await opened();
      const reading = take(stream, 1);
      await sleep(20);
      await Promise.all([stream.close(), stream.close()]);
      await stream.close();
      expect(await reading).toHaveLength(0);
      await expect(stream.write(ALL_BYTES)).rejects.toEqual(LOST);
    });
  });
}
