import { expect, test } from "vitest";
import { slotKey, slotOf } from "../../../../src/ingress/schedule/due.ts";
import { fc } from "../../../helpers/property.ts";

const schedule = (runbook: string, everyMs = 300_000) => ({ system: "shop", runbook, everyMs });
const moment = fc.integer({ min: 0, max: 4_102_444_800_000 }).map((ms) => new Date(ms));

test("a slot has begun, and less than an interval ago; every time in it has the same", () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 60_000, max: 604_800_000 }), moment, (name, everyMs, now) => {
      const one = schedule(name, everyMs);
      const slot = slotOf(one, now);
      const since = now.getTime() - slot.getTime();
      expect(since).toBeGreaterThanOrEqual(0);
      expect(since).toBeLessThan(everyMs);
      expect(slotOf(one, slot)).toEqual(slot);
      expect(slotOf(one, new Date(slot.getTime() + everyMs - 1))).toEqual(slot);
      expect(slotOf(one, new Date(slot.getTime() + everyMs)).getTime()).toBe(slot.getTime() + everyMs);
    }),
  );
});

test("schedules of the same interval do not all begin at once", () => {
  const now = new Date(1_800_000_000_000);
  const slots = Array.from({ length: 20 }, (_, at) => slotOf(schedule(`check-${at}`), now).getTime());
  expect(new Set(slots).size).toBe(20);
});

test("the key names schedule and slot", () => {
  const one = schedule("stale-orders");
  const slot = slotOf(one, new Date(1_800_000_000_000));
  expect(slotKey(one, slot)).toBe(`schedule:shop:stale-orders:${slot.toISOString()}`);
});
