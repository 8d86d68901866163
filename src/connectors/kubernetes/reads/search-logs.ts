import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { clip } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { inTurns } from "../../../lib/in-turns.ts";
import { groupLines, LogFound, LogQuestion, ofContainer } from "../../log-groups.ts";
import { type LogLine, readLine } from "../../log-line.ts";
import type { Bounds, KubernetesClient } from "../api/client.ts";
import { listEverywhere } from "../api/list.ts";
import { pathTo, RESOURCES } from "../api/paths.ts";
import { Pod } from "../api/shapes.ts";
import { type ContainerSeen, type PodSeen, podSeen } from "./pod-shape.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
/** Containers whose log is read, and pods of one workload among them; lines and bytes of each, the last ones. */
const MOST_LOGS = 20;
const MOST_PODS = 3;
const MOST_LINES = 4_000;
const MOST_BYTES = 4_000_000;
/** Of the first line of a log only its time is wanted. */
const FIRST_BYTES = 200;

/** One container of one pod. `name` is the workload's and the container's: replicas write the same log. */
interface Source {
  readonly name: string;
  readonly pod: PodSeen;
  readonly container: ContainerSeen;
}

interface Read {
  readonly lines: readonly LogLine[];
  /** All of the time was read, and the log reaches back to its beginning. */
  readonly isWhole: boolean;
  readonly gap?: NotSeen;
}

/**
 * Lines of the pods' containers that are asked for, grouped by workload and by what they say: bounded by time, lines and bytes, never
 * followed. A pod that was replaced takes its log with it, and the kubelet hands out only what it has not rotated: of such a log
 * nothing is called new. The container's run before is read where it ended within the time (trap log-raw-uniq).
 */
export const searchLogs = read({
  name: "kubernetes.search-logs",
  title: "Search the logs of pods",
  input: LogQuestion,
  output: z.object({ logs: z.array(LogFound.extend({ name: z.string() })), notSeen }),
  timeoutSeconds: 40,
  run: async (client, question, context) => {
    const now = Date.now() / 1000;
    const begin = now - question.minutes * 120;
    const of = { labelSelector: client.settings.selector };
    const listed = await listEverywhere(client, Pod, RESOURCES.pods, of, context);
    const all = listed.items.map(podSeen).flatMap((pod) => sourcesOf(pod, begin));
    const chosen = chosenOf(all);
    const reads = await inTurns(chosen, 4, async (one) => ({
      name: one.name,
      ...(await readOne(client, one, begin, now, context)),
    }));
    const names = [...new Set(reads.map(({ name }) => name))];
    const logs = names.flatMap((name) => {
      const parts = reads.filter((one) => one.name === name);
      if (parts.every(({ gap, lines }) => gap !== undefined && lines.length === 0)) return [];
      const left = all.filter((one) => one.name === name).length - parts.length;
      const isWhole = left === 0 && parts.every((one) => one.isWhole);
      const lines = parts.flatMap((one) => one.lines);
      return [{ name, ...groupLines(lines, ofContainer(name, question), now, isWhole) }];
    });
    const unseen = [
      ...listed.notSeen,
      ...none(client, all),
      ...beyond(all.length - chosen.length),
      ...folded(reads.flatMap(({ gap }) => gap ?? [])),
    ];
    return { logs, ...(unseen.length === 0 ? {} : { notSeen: unseen }) };
  },
});

/** Containers of a pod that have, or had within the time, something to say. */
function sourcesOf(pod: PodSeen, begin: number): Source[] {
  if (pod.node === null) return [];
  const workload = pod.owner?.name ?? pod.name;
  return pod.containers
    .filter((one) => {
      const end = one.ended?.finishedAt ?? null;
      if (end !== null && secondsOf(end) < begin) return false;
      // Of an init container that went well the log is seldom asked for, and often long.
      if (one.role === "init") return (one.ended !== null && one.ended.exitCode !== 0) || one.restarts > 0;
      return one.state !== "waiting" || one.last !== null;
    })
    .map((container) => ({ name: `${pod.namespace}/${workload}/${container.name}`, pod, container }));
}

/** What fails first, then the newest; a few of each workload. */
function chosenOf(all: readonly Source[]): Source[] {
  const ill = ({ container: { ready, restarts, ended } }: Source) =>
    (ready ? 0 : 1) + (restarts > 0 ? 1 : 0) + (ended !== null && ended.exitCode !== 0 ? 1 : 0);
  const sorted = all.toSorted(
    (a, b) => ill(b) - ill(a) || secondsOf(b.pod.createdAt ?? "") - secondsOf(a.pod.createdAt ?? ""),
  );
  const taken = new Map<string, number>();
  return sorted
    .filter(({ name }) => {
      const n = taken.get(name) ?? 0;
      taken.set(name, n + 1);
      return n < MOST_PODS;
    })
    .slice(0, MOST_LOGS);
}

async function readOne(
  client: KubernetesClient,
  { pod, container }: Source,
  begin: number,
  now: number,
  context: Bounds,
): Promise<Read> {
  const path = pathTo(RESOURCES.pods, { namespace: pod.namespace, name: pod.name, sub: "log" });
  const ask = async (more: Record<string, string | number | boolean>, maxBytes: number) => {
    const query = { container: container.name, timestamps: true, ...more };
    const { body, isCut } = await client.request(
      { path, query, accept: "*/*", maxBytes, cut: true },
      context,
    );
    return { body, isCut };
  };
  const since = { sinceSeconds: Math.ceil(now - begin), tailLines: MOST_LINES };
  const hadRun = container.last !== null && secondsOf(container.last.finishedAt ?? "") >= begin;
  try {
    const before = hadRun ? await ask({ ...since, previous: true }, MOST_BYTES).catch(unlessTold) : undefined;
    const current = await ask(since, MOST_BYTES).catch(unlessTold);
    const texts = [before, current].filter((one) => one !== undefined);
    const lines = texts.flatMap(({ body }) => linesOf(body));
    const isFull = texts.some(({ body, isCut }) => isCut || body.split("\n").length > MOST_LINES);
    const oldest = { limitBytes: FIRST_BYTES, ...(hadRun ? { previous: true } : {}) };
    const first = lines.length === 0 ? undefined : await ask(oldest, 2 * FIRST_BYTES).catch(unlessTold);
    return {
      lines,
      isWhole: !isFull && reachesBack(first?.body ?? "", begin),
      ...(isFull ? { gap: cutOf(pod, container) } : {}),
    };
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || ["aborted", "timeout"].includes(thrown.code)) throw thrown;
    const why = thrown.message.replace(/^GET \S+ \d+: /, "");
    return {
      lines: [],
      isWhole: false,
      gap: {
        what: `the log of ${clip(container.name, 63)} in ${clip(pod.name, 120)}`,
        why: clip(why, 400),
        ...(thrown.hint === undefined ? {} : { fix: clip(thrown.hint, 400) }),
      },
    };
  }
}

/** The first line that is kept was written before the time that is compared. */
const reachesBack = (first: string, begin: number): boolean => {
  const at = linesOf(first)[0]?.at;
  return at != null && at <= begin;
};

/** 400: it waits to start, or there was no run before; 404: it was replaced meanwhile. Nothing is hidden then. */
function unlessTold(thrown: unknown): undefined {
  if (thrown instanceof DiagError && (thrown.detail === "400" || thrown.detail === "404")) return undefined;
  throw thrown;
}

/** Lines with the kubelet's own time in front; what a limit of bytes has cut has none, or goes unread. */
const linesOf = (body: string): LogLine[] =>
  body.split(/\r?\n/).flatMap((line) => {
    const [, at, rest = ""] =
      /^(\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d))(?: (.*))?$/.exec(line) ?? [];
    return at === undefined || rest === "" ? [] : [readLine(rest, secondsOf(at))];
  });

const secondsOf = (moment: string): number => Date.parse(moment) / 1000 || 0;

const cutOf = (pod: PodSeen, container: ContainerSeen): NotSeen => ({
  what: `older lines of ${clip(container.name, 63)} in ${clip(pod.name, 120)}`,
  why: `${MOST_LINES} lines or ${MOST_BYTES / 1e6} MB of a container are read`,
  fix: `ask for fewer minutes (${clip(container.name, 63)})`,
});

const none = ({ namespaces, settings }: KubernetesClient, all: readonly Source[]): NotSeen[] =>
  all.length > 0
    ? []
    : [
        {
          what: `logs of pods in ${namespaces.join(", ")}`.slice(0, 300),
          why: `no pod ${settings.selector === undefined ? "" : "of the selector "}has a container that wrote anything within the time`,
          fix: "k8s-workload says which pods there are; correct `namespace:` and `selector:` in diagbot.yaml",
        },
      ];

const beyond = (n: number): NotSeen[] =>
  n === 0
    ? []
    : [
        {
          what: `the logs of ${n} more containers`,
          why: `${MOST_LOGS} are read at once, ${MOST_PODS} pods of a workload, those that fail first`,
          fix: "narrow it with `selector:` in diagbot.yaml",
        },
      ];

/** One right that is missing hides many logs, and is one thing to say. */
function folded(gaps: readonly NotSeen[]): NotSeen[] {
  const keyOf = ({ what, fix, why }: NotSeen) => fix ?? `${what} ${why}`;
  return [...new Map(gaps.map((one) => [keyOf(one), one])).entries()].map(([key, one]) => {
    const more = gaps.filter((other) => keyOf(other) === key).length - 1;
    return more === 0 ? one : { ...one, what: `${one.what} and ${more} more` };
  });
}
