// An emulated Loki: none can be had where the tests run.
import { afterAll, beforeAll, expect, it } from "vitest";
import { logsSearch } from "../../../runbooks/logs/logs-search.ts";
import { lokiConnector } from "../../../src/connectors/loki/index.ts";
import { type EmulatedLoki, emulatedLoki } from "../../helpers/loki-server.ts";
import { openBench } from "../../helpers/run-runbook.ts";

let server: EmulatedLoki;
beforeAll(async () => {
  server = await emulatedLoki("shop");
});
afterAll(() => server?.close());

const diagnose = (params: Record<string, unknown> = {}, headers = { "X-Scope-OrgID": "shop" }) => {
  const bench = openBench({
    connections: {
      logs: { kind: "loki", url: `http://127.0.0.1:${server.port}`, headers, labels: { job: "shop" } },
    },
    connectors: [lokiConnector],
  });
  return bench.diagnose(logsSearch, params).finally(() => bench.close());
};
const now = () => Date.now() / 1000;
const labels = { job: "shop", app: "api" };

it("an error that was there before is no news; one that was not is, with its component", async () => {
  server.streams = [
    {
      labels,
      lines: [
        [now() - 5_000, "ERROR order 1 lost"],
        [now() - 100, "ERROR order 2 lost"],
      ],
    },
    { labels: { ...labels, app: "web" }, lines: [[now() - 50, '{"level":"error","msg":"no upstream"}']] },
    { labels: { job: "other" }, lines: [[now() - 50, "ERROR of somebody else"]] },
  ];
  const { findings, finding } = await diagnose();
  expect(findings.map(({ id }) => id)).toEqual(["new-errors:logs"]);
  expect(JSON.stringify(finding("new-errors:logs").evidence)).toContain('"web"');
});

it("more lines than one answer holds are said, and then nothing is called new", async () => {
  server.streams = [
    {
      labels,
      lines: Array.from(
        { length: 6_000 },
        (_one, n) => [now() - 60 - n / 10, `ERROR order ${n} lost`] as const,
      ),
    },
  ];
  const { findings, finding } = await diagnose();
  expect(findings.map(({ id }) => id)).toEqual(["lines:logs", "could-not-look"]);
  expect(finding("could-not-look").title).toContain("older lines of the 60 min looked at");
});

it("a text is looked for by Loki, and looked at again here", async () => {
  server.streams = [
    {
      labels,
      lines: [
        [now() - 10, "order 7 LOST"],
        [now() - 9, "order 8 found"],
      ],
    },
  ];
  const { finding } = await diagnose({ pattern: "lost" });
  expect(finding("lines:logs").title).toBe("1 line in logs, of 1 kind");
  expect(
    server.asked.findLast(({ pathname }) => pathname.endsWith("query_range"))?.searchParams.get("query"),
  ).toBe('{job="shop"} |~ "(?i)lost"');
});

it("another tenant: nothing is known, and what to do is said", async () => {
  const { findings, finding } = await diagnose({}, { "X-Scope-OrgID": "" });
  expect(findings.map(({ id }) => id)).toEqual(["loki-unreachable"]);
  expect(finding("loki-unreachable").because).toContain("no org id");
});

it("no stream of these labels is no quiet log, and one that began within the time has no time before", async () => {
  server.streams = [{ labels: { job: "other" }, lines: [[now() - 50, "ERROR of somebody else"]] }];
  expect((await diagnose()).finding("could-not-look").because).toContain("no stream of these labels");
  server.streams = [{ labels, lines: [[now() - 50, "ERROR order 1 lost"]] }];
  const young = await diagnose();
  expect(young.findings.map(({ id }) => id)).toEqual(["lines:logs"]);
  expect(young.finding("lines:logs").because).toContain("what is new cannot be told");
});

it("what shipped the lines has stopped: the silence is said; a log without levels is no clean one", async () => {
  const steady = (from: number) =>
    Array.from({ length: 60 }, (_one, n) => [now() - from + n * 60, "INFO tick"] as const);
  server.streams = [{ labels, lines: steady(7_190) }];
  const silent = await diagnose();
  expect(silent.findings.map(({ id, severity }) => [id, severity])).toEqual([["silent:logs", "warning"]]);
  server.streams = [{ labels, lines: [...steady(7_190), ...steady(3_590)] }];
  expect((await diagnose()).findings).toEqual([]);
  server.streams = [{ labels, lines: steady(3_590).map(([at]) => [at, "tick"] as const) }];
  expect((await diagnose()).findings.map(({ id }) => id)).toEqual(["no-levels"]);
});
