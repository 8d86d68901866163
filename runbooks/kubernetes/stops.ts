import { count, type Finding, type http, kubernetes, type OutputOf, rows } from "../../src/sdk/index.ts";
import type { Autoscalers, Workload, Workloads } from "./changes.ts";

type Jobs = OutputOf<typeof kubernetes.jobs>;
type Name = "stopAll" | "suspendJobs" | "startAll" | "pageFirst" | "say";

interface Asked {
  readonly namespace?: string | undefined;
  readonly page?: string | undefined;
  readonly spare?: string | undefined;
  readonly last?: string | undefined;
  readonly restore: boolean;
}

interface Seen {
  readonly workloads: Workloads;
  readonly autoscalers?: Autoscalers | undefined;
  readonly jobs?: Jobs | undefined;
  readonly page?: http.Health | undefined;
}

/** As many as one approval may stop. */
const MOST = 40;

const namesIn = (text: string | undefined): string[] =>
  (text ?? "").split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));

/** The public address tells people and programs to come again later. */
const isPageUp = (page: http.Health | undefined): boolean =>
  page?.status === 503 && page.retryAfterSeconds !== undefined;

/** Deployments of the namespace that run and are not spared; what others depend on comes last. */
function meant({ workloads }: Workloads, { namespace, spare, last }: Asked): Workload[] {
  const [spared, late] = [namesIn(spare), namesIn(last)];
  return workloads
    .filter(
      (one) =>
        one.namespace === namespace &&
        one.kind === "Deployment" &&
        one.desired > 0 &&
        !spared.includes(one.name) &&
        !kubernetes.isSpared(one.name),
    )
    .toSorted((a, b) => late.indexOf(a.name) - late.indexOf(b.name) || a.name.localeCompare(b.name));
}

const targetOf = ({ namespace, name, uid }: Workload) => ({ namespace, name, uid });

/** Every deployment that would be stopped, in order; none before the page is up (trap k8s-kill-switch). */
export function stopsOf(workloads: Workloads, page: http.Health | undefined, asked: Asked) {
  const all = meant(workloads, asked);
  if (asked.restore || !isPageUp(page) || all.length > MOST) return [];
  return all.map((one) => ({ ...targetOf(one), replicas: one.desired }));
}

export const jobsToSuspend = ({ cronJobs }: Jobs, page: http.Health | undefined, asked: Asked) =>
  asked.restore || !isPageUp(page)
    ? []
    : cronJobs
        .filter(
          ({ namespace, name, suspended }) =>
            namespace === asked.namespace && !suspended && !namesIn(asked.spare).includes(name),
        )
        .slice(0, MOST)
        .map(({ namespace, name, uid }) => ({ namespace, name, uid, from: false, to: true }));

/** What was stopped, the last first: what the others depend on is there before them. */
export function startsOf({ workloads }: Workloads, { namespace, last }: Asked) {
  const late = namesIn(last);
  return workloads
    .filter(
      (one) =>
        (namespace === undefined || one.namespace === namespace) &&
        one.stoppedFrom != null &&
        one.desired === 0,
    )
    .toSorted((a, b) => late.indexOf(b.name) - late.indexOf(a.name) || a.name.localeCompare(b.name))
    .slice(0, MOST)
    .map((one) => ({ ...targetOf(one), replicas: one.stoppedFrom ?? 1 }));
}

const note = (id: string, title: string, because: string, remedies: readonly Name[]): Finding<Name> => ({
  ...{ id, severity: "info", title, because, remedies },
});

/** What was asked for: the blast radius, and what keeps it from being offered. */
export function stopFindings(seen: Seen, asked: Asked): Finding<Name>[] {
  const { workloads } = seen;
  const stopped = startsOf(workloads, asked);
  if (asked.restore)
    // Nothing that diagbot stopped: all is as it was asked for.
    return stopped.length === 0
      ? []
      : [
          {
            ...note(
              "restore",
              `${count(stopped.length, "deployment")} that diagbot stopped: to be started again`,
              "Each with as many replicas as it had, in the order given with `last=`. Cron jobs that were suspended are resumed by the undo of that remedy.",
              ["startAll"],
            ),
            evidence: [rows("", stopped, { deployment: (one) => one.name, replicas: (one) => one.replicas })],
          },
        ];
  const left =
    stopped.length > 0 && asked.namespace === undefined
      ? [
          note(
            "stopped",
            `${count(stopped.length, "deployment")} stopped by diagbot: ${stopped
              .map(({ name }) => name)
              .slice(0, 5)
              .join(", ")}`,
            "They stay so until somebody starts them again: `restore=true`.",
            ["say"],
          ),
        ]
      : [];
  if (asked.namespace !== undefined) return [radius(seen, asked, asked.namespace)];
  return left.length > 0
    ? left
    : [
        note(
          "nothing-asked",
          "Nothing was asked for",
          "This stops what is named, and finds no fault by itself.",
          ["say"],
        ),
      ];
}

/** Sentences about what goes with it, what stays, and what would undo it. */
function around({ workloads, autoscalers, jobs }: Seen, all: readonly Workload[], namespace: string): string {
  const others = workloads.workloads.filter((one) => one.namespace === namespace && !all.includes(one));
  // Helm puts nothing back by itself.
  const keepers = new Set(all.flatMap(({ managedBy: by }) => (by === "" || by === "Helm" ? [] : [by])));
  const isScaled = (autoscalers?.autoscalers ?? []).some(({ target }) =>
    all.some(({ name }) => name === target.name),
  );
  const crons = cronsOf(jobs, namespace);
  const pods = all.reduce((sum, { desired }) => sum + desired, 0);
  const names = others.map(({ name }) => name).slice(0, 12);
  return [
    `${pods} pods end. How many each had is written on it, and \`restore=true\` starts them again.`,
    names.length > 0 && `Left running (stateful, spared, daemons, or at 0 already): ${names.join(", ")}.`,
    crons.length > 0 && `${count(crons.length, "cron job")} would go on starting pods.`,
    isScaled && "Their autoscalers rest while there are no replicas, and begin again with them.",
    keepers.size > 0 && `${[...keepers].join(" and ")} would start them again: suspend the sync first.`,
  ]
    .filter((one) => one !== false)
    .join(" ");
}

const cronsOf = (jobs: Jobs | undefined, namespace: string) =>
  (jobs?.cronJobs ?? []).filter((one) => one.namespace === namespace && !one.suspended);

/** Why people are not told yet; undefined: they are. */
function notTold(page: http.Health | undefined, name: string | undefined): string | undefined {
  if (isPageUp(page)) return undefined;
  if (name === undefined) return "No public address was named (`page=`).";
  if (page === undefined) return `${name} gave no answer, or is no http connection of this system.`;
  return `${name} answers ${page.status}${page.status === 503 ? " without Retry-After" : ""}: people are not told.`;
}

function radius(seen: Seen, asked: Asked, namespace: string): Finding<Name> {
  const all = meant(seen.workloads, asked);
  if (all.length === 0)
    return note(
      "stop-all",
      `Nothing of namespace ${namespace} would be stopped`,
      "Either it is not one of the connection's, or all of it is at 0 or spared.",
      ["say"],
    );
  const because = around(seen, all, namespace);
  const evidence = [
    rows("In this order", all, {
      deployment: (one) => one.name,
      replicas: (one) => one.desired,
      "looked after by": (one) => one.managedBy,
    }),
  ];
  const finding = { id: "stop-all", severity: "warning", evidence } as const;
  const title = `${count(all.length, "deployment")} of ${namespace} would be stopped`;
  if (all.length > MOST)
    return {
      ...finding,
      title: `${all.length} deployments are more than one approval may stop (${MOST})`,
      because,
      remedies: ["pageFirst"],
    };
  const why = notTold(seen.page, asked.page);
  if (why !== undefined)
    return {
      ...finding,
      title: `Not before a page is up: ${title}`,
      because: `${why} ${because}`,
      remedies: ["pageFirst"],
    };
  return {
    ...finding,
    title: `${title}; the page is up`,
    because,
    remedies: cronsOf(seen.jobs, namespace).length === 0 ? ["stopAll"] : ["stopAll", "suspendJobs"],
  };
}
