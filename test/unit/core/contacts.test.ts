import { expect, it } from "vitest";
import { contactsOfRun } from "../../../src/core/rules/contacts.ts";
import type { Runbook } from "../../../src/core/words/runbook.ts";
import type { System } from "../../../src/core/words/system.ts";
import type { RunView } from "../../../src/core/words/view.ts";

const contacts = [
  { name: "Everything" },
  { name: "Databases", for: "postgres" },
  { name: "Replica", for: "replica" },
  { name: "Locks", for: "pg-locks" },
  { name: "Caches", for: "redis" },
];
const known = {
  runbooks: [{ id: "pg-locks", needs: ["postgres"] }] as unknown as Runbook[],
  systems: [{ id: "shop", contacts }] as unknown as System[],
};
const run = (runbook: string, on: string) =>
  ({ system: "shop", runbook, steps: [{ on }] }) as unknown as RunView;

it("are those for the run's runbook, its kinds, the connections it looked at, and for everything", () => {
  const names = (runbook: string, on: string) =>
    contactsOfRun(known, run(runbook, on)).map(({ name }) => name);
  expect(names("pg-locks", "main")).toEqual(["Everything", "Databases", "Locks"]);
  expect(names("pg-locks", "replica")).toEqual(["Everything", "Databases", "Replica", "Locks"]);
  expect(names("gone", "main")).toEqual(["Everything"]);
  expect(contactsOfRun({ ...known, systems: [] }, run("pg-locks", "main"))).toEqual([]);
});
