import { describe, expect, it } from "vitest";
import { DiagError } from "../../../src/core/words/errors.ts";
import { createLine } from "../../../src/ingress/line.ts";

/** Work that ends when it is told to. */
function held() {
  let end = (_outcome: "done" | Error) => {};
  let begun = () => {};
  const started = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const work = () =>
    new Promise<string>((resolve, reject) => {
      begun();
      end = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
    });
  return { work, started, end: (outcome: "done" | Error) => end(outcome) };
}

const forEver = { atOnce: 1, waiting: 2, waitMs: 60_000 };

describe("a line", () => {
  it("lets so many work at once, and the next one in when one is done, in order", async () => {
    const line = createLine(forEver);
    const first = held();
    const order: number[] = [];
    const all = [line(first.work), line(async () => order.push(1)), line(async () => order.push(2))];
    expect(order).toEqual([]);
    await first.started;
    first.end("done");
    await Promise.all(all);
    expect(order).toEqual([1, 2]);
  });

  it("says busy where the line is full, and where no turn comes in time", async () => {
    const line = createLine({ ...forEver, waiting: 1, waitMs: 1 });
    const first = held();
    const working = line(first.work);
    const waiting = line(async () => "too late");
    await expect(line(async () => "no room")).rejects.toMatchObject({ code: "busy" });
    await expect(waiting).rejects.toMatchObject({ code: "busy" });
    await first.started;
    first.end("done");
    await working;
    expect(await line(async () => "free again")).toBe("free again");
  });

  it("tells all who wait that the store is away, and goes on", async () => {
    const line = createLine(forEver);
    const first = held();
    const working = line(first.work);
    const waiting = [1, 2].map(() => line(async () => "never"));
    await first.started;
    first.end(new DiagError("store_unavailable", "away"));
    for (const one of [working, ...waiting])
      await expect(one).rejects.toMatchObject({ code: "store_unavailable" });
    expect(await line(async () => "back")).toBe("back");
  });

  it("a failure of one is nobody else's", async () => {
    const line = createLine(forEver);
    const first = held();
    const working = line(first.work);
    const next = line(async () => "mine");
    await first.started;
    first.end(new Error("bug"));
    await expect(working).rejects.toThrow("bug");
    expect(await next).toBe("mine");
  });
});
