// What the tests of the SDK share: one runbook, and what its steps may have seen.
import type { AnyExecutable, AnySeen, Runbook, RunContext } from "../../../src/core/words/runbook.ts";
import { Thresholds } from "../../../src/core/words/system.ts";
import { orThreshold, runbookOn, z } from "../../../src/sdk/index.ts";
import { makeConnection } from "../../make/system.ts";
import { idle, usage } from "./actions.ts";

export const error = { code: "timeout", message: "no answer in 10 s", detail: "query" };
export const errored = { ok: false, error } as const;
export const seen = (value: unknown) => ({ ok: true, value }) as const;
export const half = seen({ ratio: 0.5 });
export const two = seen({ pids: [1, 2] });
export const finding = { id: "f", severity: "info", title: "t", because: "" } as const;

export const context = (params: RunContext["params"] = {}): RunContext => ({
  params,
  thresholds: Thresholds.parse({ connections: 0.8 }),
  system: {
    id: "shop",
    connections: ["orders", "mail"].map(
      (name) => makeConnection(name, { kind: "tcp", host: `${name}.lab`, port: 1 }).face,
    ),
    contacts: [],
  },
  now: new Date(0),
});

export const params = z.object({
  ratio: orThreshold("connections", "share of connections that is too high"),
});
export const book = runbookOn("postgres", { id: "x", title: "X", params }, () => ({
  usage: usage(),
  idle: idle({ minutes: 5 }),
}));
export const titles = (runbook: Runbook, all: AnySeen, given = context()) =>
  runbook.findings(all, given).map(({ title }) => title);

export function executable({ remedies }: Runbook, key: string): AnyExecutable {
  const remedy = remedies[key];
  if (remedy === undefined || remedy.advice !== undefined) throw new Error(`${key} is not executable`);
  return remedy;
}

export function adviceOf({ remedies }: Runbook, key: string, all: AnySeen): string {
  const advice = remedies[key]?.advice;
  if (advice === undefined) throw new Error(`${key} is not advice`);
  return typeof advice === "string" ? advice : advice(all, context());
}
