import { describe, expect, it } from "vitest";
import { Requests } from "../../../src/dashboard/link/requests.ts";

describe("what the server was asked to do", () => {
  it("is answered each by its own reply, in whatever order", async () => {
    const requests = new Requests();
    const [one, two] = [requests.ask(), requests.ask()];
    requests.settle({ type: "reply", id: two.id, ok: true, result: "marked" });
    requests.settle({ type: "reply", id: one.id, ok: false, error: "no agent", help: "start it" });
    expect(await two.answer).toBe("marked");
    await expect(one.answer).rejects.toThrow("no agent: start it");
  });

  it("is not known to be done when the connection breaks", async () => {
    const requests = new Requests();
    const { answer } = requests.ask();
    requests.abandon();
    await expect(answer).rejects.toThrow("the connection broke");
    requests.settle({ type: "reply", id: null, ok: false, error: "x", help: "" });
  });
});
