import { describe, expect, it } from "vitest";
import type { RunContext } from "../../../src/core/words/runbook.ts";
import { network, on, onEach, orThreshold, rows, runbookOn, valueIn, z } from "../../../src/sdk/index.ts";
import { end, idle, usage } from "./actions.ts";
import {
  adviceOf,
  book,
  context,
  error,
  errored,
  executable,
  finding,
  half,
  params,
  seen,
  titles,
  two,
} from "./bench.ts";

describe("the head", () => {
  it("takes one kind of connection, several or none, and alerts as names or labels", () => {
    const alerts = ["PostgresDown", { alertname: "Down", job: "pg" }];
    const of = (kinds: "redis" | ("postgres" | "redis")[]) =>
      runbookOn(kinds, { id: "x", title: "X", params, alerts }, () => ({}))
        .remedies({})
        .findings(() => []);
    expect(of("redis").needs).toEqual(["redis"]);
    expect(of(["postgres", "redis"]).needs).toEqual(["postgres", "redis"]);
    expect(of([]).needs).toEqual([]);
    expect(of([]).alerts).toEqual([{ alertname: "PostgresDown" }, { alertname: "Down", job: "pg" }]);
    expect(of([]).covers).toEqual([]);
    expect(of([]).explains).toBeUndefined();
  });

  it("fills thresholds in where people gave nothing: in steps, stages, rules, remedies and checks", () => {
    const asked: unknown[] = [];
    const note = (at: string, { params: given }: { params: { ratio: number } }) =>
      asked.push([at, given.ratio]);
    const one = runbookOn("postgres", { id: "x", title: "X", params }, (now) => {
      note("steps", now);
      return { usage: usage() };
    })
      .andThen(["usage"], (_values, now) => {
        note("stage", now);
        return {};
      })
      .andThen.all((_seen, now) => {
        note("stage on all", now);
        return {};
      });
    const runbook = one
      .remedies({
        say: one.advises("Say", "low", (_values, now) => `${note("advice", now)}`),
        sayAll: one.advises.all("Say", "low", (_seen, now) => `${note("advice on all", now)}`),
        end: one.does(end, [], (_values, now) => ({ pids: [note("input", now)] }), {
          holds: (_after, _done, now) => note("holds", now) > 0,
        }),
      })
      .findings((find) => [
        find([], (_values, now) => note("rule", now) < 0 && finding),
        find.seen(["usage"], (_seen, now) => note("rule on errors", now) < 0 && finding),
        find.all((_seen, now) => note("rule on all", now) < 0 && finding),
      ]);
    const everywhere = (given: RunContext) => {
      asked.length = 0;
      for (const stage of runbook.stages) stage({ usage: half }, given);
      runbook.findings({ usage: half }, given);
      for (const { advice } of Object.values(runbook.remedies))
        if (typeof advice === "function") advice({}, given);
      executable(runbook, "end").do({}, given);
      executable(runbook, "end").verify.holds({}, [], given);
      return asked;
    };
    const places = [
      ...["steps", "stage", "stage on all", "rule", "rule on errors", "rule on all"],
      ...["advice", "advice on all", "input", "holds"],
    ];
    expect(everywhere(context())).toEqual(places.map((at) => [at, 0.8]));
    expect(everywhere(context({ ratio: 0.3 }))).toEqual(places.map((at) => [at, 0.3]));
  });

  it("keeps what people may give within its schema, and says where the default comes from", () => {
    const share = orThreshold("connections", "share that is too high", z.number().max(1));
    expect(share.safeParse(undefined).success).toBe(true);
    expect(share.safeParse(0.5).data).toBe(0.5);
    expect(share.safeParse(2).success).toBe(false);
    expect(z.globalRegistry.get(share)?.description).toBe(
      "share that is too high; empty: the system's threshold",
    );
  });
});

describe("a later stage", () => {
  const staged = book
    .andThen(["idle"], ({ idle: { pids } }) => ({ later: idle({ minutes: pids.length }) }))
    .andThen(["usage?"], ({ usage: used }) => ({ last: idle({ minutes: used === undefined ? 0 : 1 }) }));
  const [first, second, third] = staged.remedies({}).findings(() => []).stages;

  it("is asked with the values it names, and skipped where one has none", () => {
    expect(Object.keys(first?.({}, context()) ?? {})).toEqual(["usage", "idle"]);
    expect(second?.({ idle: two }, context())).toEqual({ later: idle({ minutes: 2 }) });
    expect(second?.({ idle: errored }, context())).toEqual({});
    expect(second?.({}, context())).toEqual({});
  });

  it("is asked nevertheless where the name has a ?", () => {
    expect(third?.({ usage: errored }, context())).toEqual({ last: idle({ minutes: 0 }) });
    expect(third?.({ usage: half }, context())).toEqual({ last: idle({ minutes: 1 }) });
  });

  it("is asked about errors with andThen.all, however earlier steps ended", () => {
    const [, again] = book.andThen
      .all(({ usage: one }) => (one?.ok === false ? { again: usage() } : {}))
      .remedies({})
      .findings(() => []).stages;
    expect(again?.({ usage: errored }, context())).toEqual({ again: usage() });
    expect(again?.({ usage: half }, context())).toEqual({});
    expect(again?.({}, context())).toEqual({});
  });

  it("leaves rules on its steps silent when it was skipped", () => {
    const runbook = staged
      .remedies({})
      .findings((find) => [
        find(["later"], ({ later: { pids } }) => ({ ...finding, title: `values of ${pids.length}` })),
        find.seen(["later"], ({ later }) => ({ ...finding, title: `ok: ${later.ok}` })),
        find(["later?"], ({ later }) => ({ ...finding, title: `perhaps ${later?.pids.length}` })),
        find.all(({ later }) => ({ ...finding, title: `of all: ${later?.ok}` })),
      ]);
    expect(titles(runbook, { idle: errored })).toEqual(["perhaps undefined", "of all: undefined"]);
    expect(titles(runbook, { later: errored })).toEqual(["ok: false", "perhaps undefined", "of all: false"]);
    expect(titles(runbook, { later: two })).toEqual(["values of 2", "ok: true", "perhaps 2", "of all: true"]);
  });
});

describe("a rule", () => {
  const runbook = book.remedies({}).findings((find) => [
    find(["usage", "idle"], ({ usage: { ratio } }) => ({ ...finding, title: `both ${ratio}` })),
    find(["usage", "idle?"], ({ usage: { ratio }, idle: rest }) => ({
      ...finding,
      title: `${ratio} and ${rest?.pids.length}`,
    })),
    find.seen(["idle"], ({ idle: one }) => !one.ok && { ...finding, title: one.error.message }),
  ]);

  it("is silent where a step it needs errored or was not asked", () => {
    expect(titles(runbook, { usage: half, idle: two })).toEqual(["both 0.5", "0.5 and 2"]);
    expect(titles(runbook, { usage: errored, idle: two })).toEqual([]);
    expect(titles(runbook, { idle: two })).toEqual([]);
    expect(titles(runbook, {})).toEqual([]);
  });

  it("runs without the steps that have a ?, and on errors where it asks for them", () => {
    expect(titles(runbook, { usage: half, idle: errored })).toEqual(["0.5 and undefined", error.message]);
    expect(titles(runbook, { usage: half })).toEqual(["0.5 and undefined"]);
  });

  it("gets nothing but what it names", () => {
    const given: unknown[] = [];
    const asking = book.remedies({}).findings((find) => [
      find(["usage", "idle?"], (values) => {
        given.push(values);
        return undefined;
      }),
    ]);
    asking.findings({ usage: half, idle: errored, other: two }, context());
    expect(given).toStrictEqual([{ usage: { ratio: 0.5 } }]);
  });

  it("says one finding, several or none, in its place", () => {
    const all = book
      .remedies({})
      .findings((find) => [
        find([], () => false),
        find([], () => [false, { ...finding, title: "a" }, undefined, { ...finding, title: "b" }]),
        find([], () => undefined),
        find([], () => []),
        find([], () => ({ ...finding, title: "c" })),
      ]);
    expect(titles(all, {})).toEqual(["a", "b", "c"]);
  });
});

describe("steps on each connection", () => {
  const each = runbookOn([], { id: "x", title: "X", params: z.object({}) }, ({ system }) =>
    onEach(system.connections, { dns: network.resolve(), tcp: network.connect() }),
  );
  const runbook = each
    .remedies({
      say: each.advises.all("Say", "low", (all) => {
        const one = all["tcp:mail"];
        return one?.ok === false ? one.error.message : "nothing";
      }),
    })
    .findings((find) => [
      find.all((all, { system }) =>
        system.connections.map(({ name }) => ({
          ...finding,
          title: `${name}: ${valueIn(all[`dns:${name}`])?.ms}, ${all[`tcp:${name}`]?.ok}`,
        })),
      ),
    ]);

  it("are named by step and connection, and asked there", () => {
    const calls = Object.entries(runbook.stages[0]?.({}, context()) ?? {});
    expect(calls).toEqual([
      ["dns:orders", on("orders", network.resolve())],
      ["tcp:orders", on("orders", network.connect())],
      ["dns:mail", on("mail", network.resolve())],
      ["tcp:mail", on("mail", network.connect())],
    ]);
  });

  it("reach a rule and an advice as they were seen: values, errors and what is missing", () => {
    const all = { "dns:orders": seen({ ms: 3 }), "tcp:orders": seen({}), "tcp:mail": errored };
    expect(titles(runbook, all)).toEqual(["orders: 3, true", "mail: undefined, false"]);
    expect(adviceOf(runbook, "say", all)).toBe(error.message);
    expect(adviceOf(runbook, "say", {})).toBe("nothing");
  });
});

describe("rows", () => {
  it("are a table with a column per entry, at most a hundred rows, a dash where there is nothing", () => {
    const all = Array.from({ length: 250 }, (_, id) => ({ id, note: id === 0 ? undefined : `n${id}` }));
    const made = rows("Sessions", all, { note: (one) => one.note, id: (one) => one.id });
    expect(made).toMatchObject({ kind: "table", title: "Sessions", columns: ["note", "id"] });
    expect(made).toHaveProperty("rows.length", 100);
    expect(made).toHaveProperty("rows.0", ["–", "0"]);
    expect(made).toHaveProperty("rows.99", ["n99", "99"]);
  });

  it("have no title where it is empty", () => {
    expect(rows("", [1], { n: (one) => one })).toEqual({ kind: "table", columns: ["n"], rows: [["1"]] });
  });
});
