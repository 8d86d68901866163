import { expect, it, vi } from "vitest";
import { RunId, ThreadId } from "../../../../src/core/words/ids.ts";
import type { SlackContext } from "../../../../src/ingress/slack/context.ts";
import { followWithLink } from "../../../../src/ingress/slack/link.ts";

it("who waits for the link to a thread does not hold up a process that is told to end", async () => {
  const stopping = new AbortController();
  const root = vi.fn(async () => undefined);
  const context = { reader: { root }, stopping: stopping.signal } as unknown as SlackContext;
  const tell = vi.fn(async () => {});
  const reply = {
    thread: ThreadId.parse(1),
    run: RunId.parse(1),
    channel: "C0OPS",
    title: "Run",
    sections: [],
  };
  const waits = followWithLink(context, reply as never, tell);
  // It has looked once and waits to look again.
  await vi.waitFor(() => expect(root).toHaveBeenCalledTimes(1));
  stopping.abort();
  await waits;
  expect(root).toHaveBeenCalledTimes(1);
  expect(tell).not.toHaveBeenCalled();
});
