import { type Finding, saySeconds } from "../../src/sdk/index.ts";
import { type Backlog, isPutOff, type Queue } from "./queue-states.ts";

/** Keys of the remedies of queue-backlog. */
export type Remedy =
  | ("resume" | "retryFailed" | "removePoison" | "askWhoPaused" | "startWorkers" | "lookAtWorkers")
  | (
      | "setAside"
      | "balance"
      | "promote"
      | "readFailures"
      | "keepKeys"
      | "askWhoLimits"
      | "serveThis"
      | "keepLonger"
      | "mendFlow"
    );
type Found = Finding<Remedy>;

interface Words {
  readonly id: Backlog;
  readonly severity: (queues: readonly Queue[]) => Found["severity"];
  readonly title: (names: string, queues: readonly Queue[]) => string;
  readonly because: (queues: readonly Queue[]) => string;
  readonly remedies: readonly Remedy[];
}

const always =
  <T>(value: T) =>
  (): T =>
    value;
const isComing = (queues: readonly Queue[]): boolean =>
  queues.some(({ added, grown, workersOf }) => (added ?? 0) > 0 || grown > 0 || workersOf === "library");

const isList = ({ library }: Queue): boolean => library === "list";

function sayNobody(queues: readonly Queue[]): string {
  const { workersOf, library } = queues[0] ?? {};
  if (workersOf === "library") return "No worker of the library waits at this Redis for anything.";
  if (queues.some(({ held = 0 }) => held > 0))
    return "Some job is still locked, and no connection bears the name of a worker of the queue. Either its workers ended within the last half minute, so long a lock stands; or they run, and their connections have no name (CLIENT SETNAME is refused, or a client of another language). To tell them apart: is the same job active, and locked, a minute later?";
  if (library === "stream")
    return "No consumer of the group was heard of for a minute. Either its service is down, or the group was left behind: by an instance that is gone (one group each), or by a service that has another one now. To tell them apart: does anybody still use a group of that name? If not: XGROUP DESTROY.";
  return isComing(queues)
    ? "Jobs come in, and no worker of the queue is to be seen: none is connected, none has a heartbeat."
    : "No worker is to be seen, and nothing came within the look. Either its workers are down, or they are started at their time only. To tell them apart: what starts them, and when?";
}

function sayIdle(queues: readonly Queue[]): string {
  const [limit] = queues.flatMap(({ mayLimitSeconds: s }) => (s == null ? [] : [s]));
  return limit === undefined
    ? "They hold no job and take none: each of them is paused by itself, or hangs."
    : `They hold no job and take none. Either the rate limit of a worker holds them back until it counts anew (in ${saySeconds(limit)}; how many it lets through stands nowhere in Redis), or each of them is paused by itself, or hangs. To tell them apart: is one taken after that?`;
}

/** By cause, in the order in which they are said. */
export const WAITING: readonly Words[] = [
  {
    id: "poisoned",
    severity: always("critical"),
    title: (names) => `The same job is begun again and again: ${names}`,
    because: always(
      "Within the look it was given back several times and no job was done: it fails at once, or ends its worker, and is next again.",
    ),
    remedies: ["removePoison", "setAside"],
  },
  {
    id: "no-worker",
    severity: (queues) => (isComing(queues) ? "critical" : "warning"),
    title: (names) => `Nobody takes from ${names}`,
    because: sayNobody,
    remedies: ["startWorkers"],
  },
  {
    id: "quiet-workers",
    severity: always("critical"),
    title: (names) => `All workers of ${names} finish what they have and take nothing new`,
    because: always(
      "They were told to be quiet or are suspended, as before a deployment, and those that should follow are not there.",
    ),
    remedies: ["startWorkers"],
  },
  {
    id: "paused",
    severity: always("warning"),
    title: (names) => `Paused: ${names}`,
    because: always(
      "The queue is paused for all its workers: they are no cause, and more of them would not help.",
    ),
    remedies: ["resume", "askWhoPaused"],
  },
  {
    id: "stuck",
    severity: always("critical"),
    title: (names, [one]) =>
      `Workers of ${names} are stuck${one?.activeSeconds == null ? "" : `: one job for ${saySeconds(one.activeSeconds)}`}`,
    because: ([one]) =>
      `They are alive and hold jobs many times longer than those before took (${one?.typicalSeconds == null ? "unknown" : saySeconds(one.typicalSeconds)}, the middle of the last ten); none was done within the look.`,
    remedies: ["lookAtWorkers"],
  },
  {
    id: "unfinished",
    severity: always("warning"),
    title: (names) => `Workers of ${names} hold jobs and finish none`,
    because: always(
      "Within the look none was done. Either they hang, or each job takes longer than that: jobs of minutes look the same here. To tell them apart: what do the workers do, and is the same job active later?",
    ),
    remedies: ["lookAtWorkers"],
  },
  {
    id: "elsewhere",
    severity: always("warning"),
    title: (names) => `Workers of ${names} are busy with jobs of other queues`,
    because: ([one]) =>
      `All ${one?.elsewhere ?? 0} that take from it have their hands full with others, which come first: they are served in a strict order, or there are too few for all. It waits as long as those have jobs.`,
    remedies: ["serveThis", "balance"],
  },
  {
    id: "idle-workers",
    severity: (queues) => (queues.every(({ mayLimitSeconds: s }) => s != null) ? "info" : "warning"),
    title: (names) => `Workers are there, and none takes from ${names}`,
    because: (queues) =>
      queues[0]?.workersOf === "library"
        ? "Workers of the library are connected and hold nothing of this queue: they are started for other queues, or are busy with those."
        : sayIdle(queues),
    remedies: ["startWorkers", "lookAtWorkers"],
  },
  {
    id: "growing",
    severity: always("warning"),
    title: (names) => `More comes than is done: ${names}`,
    because: (queues) =>
      `It is worked on, and it grows. Whether more comes than usual or less is done, a look of some seconds cannot say.${queues.some(({ limited }) => limited) ? " The library's own limit (a rate, or a number at once) holds it back." : ""}`,
    remedies: ["balance"],
  },
  {
    id: "limited",
    severity: (queues) => (queues.some(isPutOff) ? "warning" : "info"),
    title: (names) => `The library's own limit holds ${names} back`,
    because: (queues) =>
      queues.some(isPutOff)
        ? "Jobs are begun and given back untried, again and again, and none is done: their worker puts them off, as after a 429 of what it calls. The jobs themselves are as they should."
        : "A rate limit or a bound of jobs at once is set for the queue: it waits on purpose.",
    remedies: ["askWhoLimits"],
  },
  {
    id: "standing",
    severity: (queues) => (queues.every(isList) ? "info" : "warning"),
    title: (names, queues) =>
      queues.every(isList)
        ? `${names}: a list of ${queues[0]?.waiting ?? 0} by the name of a queue; whether anybody works on it is not known`
        : `${names}: jobs wait, and whether anybody works on them is not known`,
    because: (queues) =>
      queues.every(isList)
        ? "Only its length was looked at, and it did not fall. A list of the newest that is cut to a length (LPUSH, LTRIM) looks the same and is no queue. To tell them apart: who reads from it?"
        : "Nothing was taken within the look, and who is connected could not be seen.",
    remedies: [],
  },
];
