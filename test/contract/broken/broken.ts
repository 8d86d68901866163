import { describe } from "vitest";
import type { Harness } from "../harness.ts";
import { holdToContract } from "../held.ts";
import { DEFECTS, type Defect } from "./defects.ts";
import { type Shelf, shelfKind } from "./shelf.ts";

// Not in the suite: contract.test.ts runs it in a process of its own, where most of it must fail.

const PASSWORD = "shelf-password-4711";

const harnessOf = (shelf: Shelf): Harness => ({
  start: async () => {
    const at = (place: string) => ({ place, password: PASSWORD });
    const read = { action: "shelf.labels", input: {} };
    return {
      settings: at("here"),
      read,
      secrets: [PASSWORD],
      failures: {
        unreachable: { settings: at("nowhere"), code: "target_unreachable" },
        denied: { settings: at("locked"), code: "target_auth" },
      },
      hang: {
        settings: at("silent"),
        begun: () =>
          new Promise<void>((resolve) => {
            shelf.asked = resolve;
          }),
      },
      flood: (_open, _context, run) => {
        shelf.labels = Array.from({ length: 100_000 }, (_, n) => `label ${n}`);
        return run(read);
      },
      foreign: (name, run) => {
        shelf.labels = [name];
        return run(read);
      },
      writes: {
        "shelf.set-limit": {
          prepare: async () => {
            Object.assign(shelf, { limit: 10, isFrozen: false });
            return { action: "shelf.set-limit", input: { limit: 20, from: 10 } };
          },
          spoil: async () => {
            shelf.isFrozen = true;
          },
        },
      },
      stop: async () => {},
    };
  },
});

for (const defect of Object.keys(DEFECTS) as Defect[])
  describe(defect, () => {
    const shelf: Shelf = { labels: ["one"], limit: 10, isFrozen: false, asked: () => {} };
    holdToContract(shelfKind(shelf, defect), harnessOf(shelf));
  });
