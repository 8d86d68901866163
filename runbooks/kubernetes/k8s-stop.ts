import { http, kubernetes, on, runbookOn, z } from "../../src/sdk/index.ts";
import { jobsToSuspend, startsOf, stopFindings, stopsOf } from "./stops.ts";

/**
 * The kill switch: everything of a namespace stopped once a page tells people so, and started again with as many replicas as it had.
 * Guide: emergency procedures.
 */
const book = runbookOn(
  "kubernetes",
  {
    id: "k8s-stop",
    title: "Stop everything of a namespace, and start it again",
    covers: ["sergas-agents.kill-switch"],
    alerts: [],
    params: z.object({
      namespace: z.string().max(63).optional().describe("stop everything of it: type its name"),
      page: z
        .string()
        .max(80)
        .optional()
        .describe("the http connection of the public address, whose page says that it is maintenance"),
      spare: z.string().max(500).optional().describe("names that go on, by commas"),
      last: z
        .string()
        .max(500)
        .optional()
        .describe("names that are stopped last and started first, by commas: what the others depend on"),
      restore: z.boolean().default(false).describe("start again what was stopped"),
    }),
  },
  ({ params, system }) => ({
    workloads: kubernetes.workloads(),
    autoscalers: kubernetes.autoscalers(),
    jobs: kubernetes.jobs(),
    // A name that is no connection is said in the finding.
    ...(params.page !== undefined &&
    system.connections.some(({ name, kind }) => name === params.page && kind === "http")
      ? { page: on(params.page, http.health({ path: "/" })) }
      : {}),
  }),
);

export const k8sStop = book
  .remedies({
    stopAll: book.does(
      kubernetes.stop,
      ["workloads", "page?"],
      ({ workloads, page }, { params }) => stopsOf(workloads, page, params),
      { title: "Stop everything of the namespace" },
    ),
    suspendJobs: book.does(
      kubernetes.setSuspended,
      ["jobs", "page?"],
      ({ jobs, page }, { params }) => jobsToSuspend(jobs, page, params),
      { title: "Suspend its cron jobs", risk: "destructive" },
    ),
    startAll: book.does(
      kubernetes.startAgain,
      ["workloads"],
      ({ workloads }, { params }) => (params.restore ? startsOf(workloads, params) : []),
      { title: "Start again what was stopped" },
    ),
    pageFirst: book.advises(
      "Put the maintenance page up first",
      "high",
      "Whoever finds nothing where the service was tries again, and again. Turn maintenance mode on by the service's own switch (or point the ingress at a page), so that the public address answers 503 with `Retry-After`; then ask again with `page=<http connection of that address>`. Often that is enough: with the page up nobody reaches what runs, and only what works by itself (workers, cron jobs) is left to be stopped.",
    ),
    say: book.advises(
      "Say what is meant",
      "low",
      "`/diag <system> k8s-stop namespace=<its name> page=<http connection>` stops, `restore=true` starts again; `spare=a,b` go on, `last=a,b` are stopped last and started first.",
    ),
  })
  .findings((find) => [
    find(["workloads", "autoscalers?", "jobs?", "page?"], (seen, { params }) => stopFindings(seen, params)),
  ]);
