import { describe } from "vitest";
import type { Harness } from "../harness.ts";
import { holdToContract } from "../held.ts";
import { endless } from "../servers.ts";
import { DEFECTS, type Defect } from "./defects.ts";
import { type Shelf, shelfKind } from "./shelf.ts";

// Not in the suite: contract.test.ts runs it in a process of its own, where most of it must fail.

const PASSWORD = "shelf-password-4711";

/** What has no end on purpose is waited for no longer; the rest takes milliseconds. */
const PATIENCE_MS = 4_000;

const harnessOf = (shelf: Shelf, defect: Defect): Harness => ({
  start: async () => {
    const at = (place: string) => ({ place, password: PASSWORD });
    const flooding = await endless("");
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
        return defect === "a flood that is kept"
          ? run(read)
          : run(read, { ...at("here"), port: flooding.port });
      },
      foreign:
        defect === "no names of others"
          ? { none: "a shelf is labelled by its owner alone" }
          : (name, run) => {
              shelf.labels = [name];
              return run(read);
            },
      writes: {
        "shelf.set-limit": {
          prepare: async () => {
            shelf.limit = 10;
            return { action: "shelf.set-limit", input: { limit: 20 } };
          },
          spoil: async () => {
            shelf.limit = 15;
          },
        },
      },
      stop: () => flooding.close(),
    };
  },
});

for (const defect of Object.keys(DEFECTS) as Defect[])
  describe(defect, () => {
    const shelf: Shelf = { labels: ["one"], limit: 10, asked: () => {} };
    holdToContract(shelfKind(shelf, defect), harnessOf(shelf, defect), { patienceMs: PATIENCE_MS });
  });
