import { z } from "zod";
import { kind as httpKind } from "../../src/connectors/http/index.ts";
import type { Catalog } from "../../src/core/ports/catalog.ts";
import { actionsOn, type EffectClass, type Probed } from "../../src/core/words/action.ts";
import { AlertSettings } from "../../src/core/words/alert.ts";
import type { Connector } from "../../src/core/words/connector.ts";
import { DiagError } from "../../src/core/words/errors.ts";
import { PrincipalId } from "../../src/core/words/ids.ts";
import { Limits } from "../../src/core/words/limits.ts";
import { Policies, type Principal } from "../../src/core/words/policy.ts";
import type { Risk } from "../../src/core/words/risk.ts";
import { runbookOn } from "../../src/sdk/runbook.ts";
import { makeSystemOf } from "../make/system-of.ts";

/** Seconds a write may take; the lease is shorter, as in the worst of worlds. */
export const WRITE_SECONDS = 1;

const Item = z.object({ item: z.string(), target: z.string() });
const { read, write } = actionsOn<string>("http");

const ask = async (url: string, item: string, signal: AbortSignal): Promise<boolean> => {
  const response = await fetch(`${url}/probe?item=${encodeURIComponent(item)}`, { signal });
  return z.object({ applied: z.boolean() }).parse(await response.json()).applied;
};

const applied = read({
  name: "chaos.applied",
  title: "What has been applied",
  input: z.object({ items: z.array(z.string()) }),
  output: z.object({ missing: z.int() }),
  run: async (url, { items }, { signal }) => {
    const answers = await Promise.all(items.map((item) => ask(url, item, signal)));
    return { missing: answers.filter((answer) => !answer).length };
  },
});

const change = (kind: EffectClass, { name = kind, risk = "high" }: { name?: string; risk?: Risk } = {}) =>
  write({
    name: `chaos.${name}`,
    title: `A ${name} change`,
    class: kind,
    risk,
    timeoutSeconds: WRITE_SECONDS,
    input: Item,
    output: z.object({}),
    target: ({ target }) => target,
    preview: async (url, { item }, { signal }) =>
      (await ask(url, item, signal))
        ? { changes: [], witness: true, nothingToDo: "already applied" }
        : { changes: [`apply ${item}`], witness: false },
    drift: () => [],
    run: async (url, { item, target }, { effectKey, remainingMs, signal }) => {
      const body = JSON.stringify({
        item,
        target,
        class: kind,
        key: effectKey,
        plan: "",
        expires: Date.now() + remainingMs(),
      });
      const response = await fetch(`${url}/write`, { method: "POST", body, signal });
      if (response.status === 403) throw new DiagError("target_refused", "the credential has expired");
      if (!response.ok) throw new DiagError("target_error", `status ${response.status}`);
      return {};
    },
    probe: async (url, { item }, _witness, { signal }): Promise<Probed> =>
      (await ask(url, item, signal))
        ? { verdict: "done", evidence: `${item} is applied` }
        : { verdict: "not-done", evidence: `${item} is not applied` },
    undo: "none: the rig counts effects",
    asBefore: "the rig counts effects",
    settled: {
      within: "5s",
      check: ({ item }) => ({ applied: applied({ items: [item] }) }),
      holds: (after) => after.applied.missing === 0,
    },
  });

const changes = {
  guarded: change("guarded"),
  keyed: change("keyed"),
  cas: change("cas"),
  // What the policy `auto` may apply.
  calm: change("guarded", { name: "calm", risk: "low" }),
} as const;
const KINDS = ["guarded", "keyed", "cas"] as const;

/** Items of one remedy of a batch. Some share a target with other batches, so that they compete for its lock. */
const itemsOf = (batch: number, kind: keyof typeof changes, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    item: `${batch}/${kind}/${index + 1}`,
    target: batch % 8 === 0 ? `shared-${batch % 5}` : `${batch}/${kind}`,
  }));

const book = runbookOn(
  "http",
  {
    id: "chaos",
    title: "Chaos",
    params: z.object({
      batch: z.int(),
      writes: z.int(),
      only: z.enum([...KINDS, "read", "calm"]).optional(),
    }),
  },
  ({ params }) => ({ look: applied({ items: [`${params.batch}/guarded/1`] }) }),
);

const remedy = (kind: keyof typeof changes) =>
  book.does(changes[kind], [], (_values, { params }) => itemsOf(params.batch, kind, params.writes), {
    title: `Apply ${kind}`,
  });

const chaosRunbook = book
  .remedies({ guarded: remedy("guarded"), keyed: remedy("keyed"), cas: remedy("cas"), calm: remedy("calm") })
  .findings((find) => [
    find.all((_seen, { params }) =>
      [...KINDS, ...(params.only === "calm" ? (["calm"] as const) : [])]
        .filter((kind) => (params.only ?? kind) === kind)
        .map((kind) => ({
          id: kind,
          severity: "critical",
          title: "chaos",
          because: "chaos",
          remedies: [kind],
        })),
    ),
  ]);

/** `writeSeconds`: the time a write may take; on a slow machine a second is soon over. */
export const chaosConnector = (writeSeconds = WRITE_SECONDS): Connector => ({
  actions: [
    applied.action,
    ...[...KINDS, "calm" as const].map((kind) => ({ ...changes[kind].action, timeoutSeconds: writeSeconds })),
  ],
  open: ({ settings }) => (settings as { url: string }).url,
  close: async () => {},
});

const person = (id: string): Principal => ({ id: PrincipalId.parse(id), roles: ["oncall"], slack: [] });
export const asker = person("asker");
export const voters = [person("bob"), person("carol"), person("dave")] as const;

/** What rig and workers know alike. */
export const chaosCatalog = (url: string): Catalog => ({
  kinds: [httpKind],
  runbooks: [chaosRunbook],
  systems: [
    makeSystemOf([httpKind], "sys", {
      connections: { api: { kind: "http", url } },
      auto: { "chaos.calm": { grace: "1h" } },
    }),
  ],
  people: [asker, ...voters],
  policies: Policies.parse({
    high: { approvals: 2, from: ["oncall"], expires: "10m", execute: "5m" },
    low: { approvals: 1, from: ["oncall"], expires: "2h" },
  }),
  limits: Limits.parse({ writesPerSystemHour: 10_000, simultaneousWrites: 1_000 }),
  alerts: AlertSettings.parse({}),
  routes: [],
  channel: "C0",
});
