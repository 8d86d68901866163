import { expect, it } from "vitest";
import { setLimits } from "../../../../src/connectors/docker/limits.ts";

const { settled } = setLimits.action;
type Holds = NonNullable<typeof settled>["holds"];
const holds = (now: object, wanted: object): boolean =>
  settled?.holds(
    { now: { state: "running", memoryLimit: 64e6, cpus: 1, ...now } } as unknown as Parameters<Holds>[0],
    {
      container: "c",
      name: "api",
      state: "running",
      startedAt: "",
      ...wanted,
    } as unknown as Parameters<Holds>[1],
    {} as unknown as Parameters<Holds>[2],
  ) === true;

it("is verified by the limits that are in force, not by a container that goes on running", () => {
  expect(holds({}, { cpus: 1 })).toBe(true);
  expect(holds({ cpus: 2 }, { cpus: 1 })).toBe(false);
  expect(holds({ cpus: null }, { cpus: 1 })).toBe(false);
  expect(holds({}, { memory: 64e6 })).toBe(true);
  expect(holds({ memoryLimit: 0 }, { memory: 64e6 })).toBe(false);
  expect(holds({ state: "exited" }, { cpus: 1 })).toBe(false);
});
