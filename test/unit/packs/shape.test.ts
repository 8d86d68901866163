import { expect, it } from "vitest";
import { broughtBy } from "../../../src/packs/shape.ts";
import { actionsOn, postgres, runbookOn, z } from "../../../src/sdk/index.ts";

const begun = (head: Record<string, unknown> = {}) =>
  runbookOn("postgres", { id: "orders", title: "Orders", params: z.object({}), ...head }, () => ({}));
const finished = (head: Record<string, unknown> = {}, remedies = {}) =>
  begun(head)
    .remedies(remedies)
    .findings(() => []);

it("takes runbooks by any name, alone and in lists, once each", () => {
  const [one, two] = [finished(), finished({ id: "two" })];
  const { runbooks, wrong } = broughtBy({ one, all: [one, two], default: two, helper: () => 1, n: 3 });
  expect(runbooks).toEqual([one, two]);
  expect(wrong).toEqual([]);
});

it("helpers alone are no fault of a module", () => {
  expect(broughtBy({ limit: 3, format: () => "" })).toEqual({ runbooks: [], kinds: [], wrong: [] });
});

it.each([
  ["id", { id: "Not An Id" }, "id must be lower-case words joined by -"],
  ["id", { id: 7 }, "id must be text"],
  ["title", { title: " " }, "title is empty"],
  ["alerts", { alerts: [{}] }, "alerts.0 fits no alert"],
  ["fromAlert", { fromAlert: "labels" }, "fromAlert must be a function"],
  ["covers", { covers: [7] }, "covers.0"],
])("names what is not as the types promise: %s", (_what, head, complaint) => {
  const { runbooks, wrong } = broughtBy({ orders: finished(head) });
  expect(runbooks).toEqual([]);
  expect(wrong).toEqual([expect.stringContaining(`orders: ${complaint}`)]);
});

it("a kind nobody has, parameters that are no z.object, a remedy that is none", () => {
  const odd = runbookOn("oracle" as "postgres", { id: "odd", title: "Odd", params: {} as never }, () => ({}))
    .remedies({ drop: { title: "Drop" } as never })
    .findings(() => []);
  expect(broughtBy({ odd }).wrong).toEqual([
    "odd: needs.0 is no kind of connection: for one of your own give runbookOn the kind itself; params must be z.object({…}), with `z` of diagbot/sdk; remedies.drop must be made by book.does(…), book.runs(…) or book.advises(…), with a title",
  ]);
});

it("a write that no kind has is named, with what to do instead", () => {
  const { write } = actionsOn<unknown>("postgres");
  const release = write({
    ...{ name: "postgres.release-outbox", title: "Release", class: "cas", risk: "high" },
    ...{ input: z.object({}), output: z.object({}), undo: "none: rows are sent once" },
    target: () => "outbox",
    preview: async () => ({ changes: [], witness: null }),
    run: async () => ({}),
    probe: async () => ({ verdict: "unknown", evidence: "" }),
  });
  const book = begun();
  const orders = book.remedies({ release: book.does(release, [], () => ({})) }).findings(() => []);
  expect(broughtBy({ orders }).wrong).toEqual([
    expect.stringMatching(
      /^orders: remedies.release makes postgres.release-outbox, which is no action of a kind: .*book.runs\(…\), or bring a kind of your own$/,
    ),
  ]);
  const ended = book
    .remedies({ end: book.does(postgres.terminateIdleSessions, [], () => undefined) })
    .findings(() => []);
  expect(broughtBy({ ended }).wrong).toEqual([]);
});

it("an unfinished one is said to be so, unless the module brings another", () => {
  const [book, half] = [begun(), begun().remedies({})];
  for (const exported of [book, half])
    expect(broughtBy({ exported }).wrong).toEqual([expect.stringContaining("exported: it is not finished")]);
  expect(broughtBy({ book, orders: finished() }).wrong).toEqual([]);
});

it("one of another copy of the sdk, or made by hand, is told apart", () => {
  expect(broughtBy({ copy: { ...finished() } })).toEqual({
    runbooks: [],
    kinds: [],
    wrong: [expect.stringContaining("copy: it was not made by `runbookOn` of this diagbot")],
  });
});
