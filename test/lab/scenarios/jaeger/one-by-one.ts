import { emulatedTraces, type LabSpan, type LabTrace } from "../../../helpers/trace-server.ts";
import { scenario } from "../../words.ts";

const root = (to: number): LabSpan => ({ id: "r", service: "api", name: "GET /orders", from: 0, to });
const query = (id: string, from: number, to: number): LabSpan => ({
  ...{ id, parent: "r", service: "shop-db", name: "SELECT orders", from, to },
  tags: { "db.statement": `SELECT * FROM items WHERE order_id = ${from}` },
});
const traceOf = (at: number, ...spans: LabSpan[]): LabTrace => ({
  id: `4bf92f3577b34da${String(at).padStart(4, "0")}`,
  at: Date.now() / 1000 - 60 - at,
  spans,
});

export const oneByOne = scenario({
  id: "jaeger/one-by-one",
  items: ["sergas-agents.n-plus-one"],
  needs: ["jaeger"],
  situation: "each request asks for its rows one after another, forty times",
  twin: "each request asks once, and is quick",
  alert: { name: "SlowTraces", severity: "warning", summary: "Requests are slow" },
  expect: { first: "one-by-one", remedy: "batch" },
  runbook: "slow-traces",
  place: async (_parts, keep) => {
    const server = await emulatedTraces("jaeger");
    keep(server.close);
    const show = (traces: LabTrace[], undo: (end: () => unknown) => void): void => {
      undo(() => {
        server.traces = [];
      });
      server.traces = traces;
    };
    return {
      connections: {
        tracing: { kind: "jaeger", url: `http://127.0.0.1:${server.port}`, service: "api" },
      },
      break: async (undo) => {
        const queries = Array.from({ length: 40 }, (_one, n) => query(`q${n}`, 100 + n * 70, 160 + n * 70));
        show([traceOf(1, root(3000), ...queries), traceOf(2, root(3000), ...queries)], undo);
      },
      twin: async (undo) => show([traceOf(1, root(800), query("a", 10, 790))], undo),
    };
  },
});
