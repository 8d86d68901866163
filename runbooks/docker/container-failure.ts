import {
  docker,
  facts,
  type RunContext,
  runbookOn,
  type StepsOf,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import { absentFindings } from "./absent.ts";
import { mebibytes } from "./ago.ts";
import { codeOf, mayAct } from "./case.ts";
import type { AdviceKey, Container } from "./cause.ts";
import { idOf } from "./cause.ts";
import { nearLimit } from "./container-memory.ts";
import { recreate } from "./down.ts";
import { engineDisk, isDiskAsked, sayFree } from "./engine-disk.ts";
import { FIT_THREADS, heldBack, isFree, raised } from "./held-back.ts";
import { logsAsked } from "./logs-asked.ts";
import { raiseLimit } from "./out-of-memory.ts";
import { pastAsked } from "./past.ts";
import { containersOf, type Judged, problemsOf, type Sight } from "./problems.ts";
import { staysUp } from "./stays-up.ts";
import { togetherFinding } from "./together.ts";
import { told } from "./told.ts";

/** Containers one approval may start or restart. */
const MOST = 5;
const STARTABLE = ["exited", "created", "paused"];

/** Labels in which cAdvisor, exporters and agents say which container an alert is about; the service before the name. */
const SERVICE_LABELS = [
  "container_label_com_docker_compose_service",
  "com_docker_compose_service",
  "compose_service",
  "container_name",
  "container",
  "name",
];

type Asked = RunContext<{ readonly service?: string | undefined }>;

/** A container that is down, loops, is unhealthy or was killed for memory. */
const book = runbookOn(
  "docker",
  {
    id: "container-failure",
    title: "Containers",
    covers: [
      "resync.api-not-accessible",
      "resync.container-failure",
      "resync.container-logs",
      "sergas-accounts.cognee-down",
      "sergas-accounts.cognee-restart",
      "tektra.auto-restart",
      "tektra.wont-start",
      "tektra.service-status",
      "resync.model-not-responding",
      "tektra.high-memory",
      "tektra.startup-db-connection",
      "tektra.resource-snapshot",
      "resync.high-cpu-memory",
    ],
    alerts: [
      "ContainerKilled",
      "ContainerAbsent",
      "ContainerDown",
      "ContainerUnhealthy",
      "ContainerRestarting",
      "ContainerOomKilled",
      "ContainerHighMemoryUsage",
      "DockerContainerDown",
      "ContainerHighThrottleRate",
      "ContainerHealthcheckFailed",
    ],
    fromAlert: (labels) => {
      const service = SERVICE_LABELS.map((label) => labels[label]).find((value) => value !== undefined);
      return service === undefined ? {} : { service: service.replace(/^\//, "") };
    },
    params: z.object({
      service: z
        .string()
        .max(100)
        .optional()
        .describe("only this compose service or container; it is then expected to run"),
      logLines: z.int().min(1).max(100).default(20).describe("log lines to show of each failing container"),
      stableSeconds: z
        .int()
        .min(1)
        .max(60)
        .default(10)
        .describe("how long it must stay up to count as repaired"),
    }),
  },
  () => ({ engine: docker.ping(), list: docker.containers(), folder: docker.dataFolder() }),
)
  .andThen(["list"], ({ list }, context) => {
    const failing = problemsOf({ list }, context);
    const mine = containersOf(list, context.params.service);
    const readable = [...failing.map(({ container }) => container), ...mine.filter(isBack)];
    const measured = mine.filter(
      (one) =>
        one.state === "running" &&
        (one.memoryLimit > 0 || (one.cpuLimit ?? 0) > 0 || one.health === "unhealthy"),
    );
    return {
      events: docker.events({ of: pastAsked(list.containers, context.now) }),
      logs: docker.logs(logsAsked(readable, context.params.logLines)),
      usage: docker.stats({ containers: measured.map(({ id }) => id) }),
    };
  })
  .andThen(["list", "folder?", "events?", "logs?", "engine?"], ({ folder, ...values }, context) =>
    isDiskAsked(folder, problemsOf(values, context), context) ? { space: docker.space() } : {},
  );

/** It was restarted within the last hour: by whom only the events say. */
const isBack = ({ state, restartCount, uptimeSeconds }: Container): boolean =>
  state === "running" && restartCount > 0 && (uptimeSeconds ?? 0) < 3600;

type Steps = StepsOf<typeof book>;

export const containerFailure = book
  .remedies({
    start: book.does(
      docker.startContainer,
      ["list", "events?", "logs?", "engine?"],
      (values, context) =>
        offeredTo("start", values, context)
          .filter(({ state }) => STARTABLE.includes(state))
          .map(targetOf),
      {
        title: "Start what is down",
        recheck: ["list"],
        holds: ({ list }, done, context) =>
          done.every(({ input }) => staysUp(list, input.container, context)),
      },
    ),
    restart: book.does(
      docker.restartContainer,
      ["list", "events?", "logs?", "engine?", "usage?"],
      (values, context) => offeredTo("restart", values, context).map(targetOf),
      {
        title: "Restart what was healthy and hangs",
        recheck: ["list"],
        holds: ({ list }, done, context) =>
          done.every(({ input }) => staysUp(list, input.container, context)),
      },
    ),
    fixCrash: book.advises("Find out why it fails", "low", told("fixCrash", "Read its log.")),
    correctCheck: book.advises("Correct the health check", "low", told("correctCheck", "Correct the check.")),
    fixImage: book.advises(
      "Take an image that fits",
      "low",
      told("fixImage", "Take another tag or build of the image."),
    ),
    repairDependency: book.advises(
      "Repair what it depends on",
      "low",
      told("repairDependency", "Repair what it depends on first."),
    ),
    raiseMemory: book.advises("Raise the memory limit", "high", (values, context) => {
      const near = nearLimit(values.usage?.usage ?? []).map(({ id }) => id);
      const close = containersOf(values.list, context.params.service).filter(({ name }) =>
        near.includes(`near-memory-limit:${name}`),
      );
      const killed = told("raiseMemory", "")(values, context);
      return [...(killed === "" ? [] : [killed]), ...close.map(raiseLimit)].join("\n") || "Raise its limit.";
    }),
    raiseCpu: book.does(docker.setLimits, ["usage", "list", "events?", "logs?", "engine?"], raised, {
      title: "Let it use twice as much CPU (no restart)",
      recheck: ["usage"],
      holds: ({ usage }, done) =>
        isFree(
          usage.usage,
          done.map(({ input }) => input.container),
        ),
    }),
    fitThreads: book.advises(...FIT_THREADS),
    freePort: book.advises("Free the port", "high", told("freePort", "Find who has the port.")),
    freeDisk: book.advises("Free space on the engine's disk", "high", (values, context) =>
      [told("freeDisk", "")(values, context), sayFree(values.space, values.list?.containers ?? [])]
        .filter((text) => text !== "")
        .join("\n"),
    ),
    fixStart: book.advises(
      "Correct what the engine refuses",
      "low",
      told("fixStart", "Correct the compose file."),
    ),
    recreate: book.advises("Recreate the container", "high", (values, context) => {
      const gone = containersOf(values.list, context.params.service).find(({ imageMissing }) => imageMissing);
      return told("recreate", gone === undefined ? "Recreate it." : recreate(gone).text)(values, context);
    }),
    startProject: book.advises("Bring the project up", "high", ({ list }) => {
      const project = list?.project ?? null;
      return `In the folder of its compose file: \`docker compose ${project === null ? "" : `-p ${shellWord(project)} `}up -d\`, then \`docker compose ps -a\`. If it goes by another name, correct \`project:\` in diagbot.yaml (\`docker compose ls -a\` lists them).`;
    }),
  })
  .findings((find) => [
    find(["list"], ({ list }, { params: { service } }) => absentFindings(list, service)),
    find(["list", "events?", "logs?", "engine?", "usage?"], (values, context) =>
      problemsOf(values, context).map((problem) => {
        const { container, severity, title, because, explains } = problem;
        const lines = values.logs?.logs.find((one) => one.container === container.id)?.lines ?? [];
        return {
          id: idOf(problem),
          severity,
          title,
          because: `${because}${container.imageMissing ? NO_IMAGE : ""}`,
          evidence: [
            figures(container),
            ...codeOf(container.lastProbe?.output ?? "", "last failed health check"),
            ...codeOf(lines.join("\n"), "last log lines"),
          ],
          remedies: remediesOf(problem),
          explains,
        };
      }),
    ),
    find(["list", "events?", "logs?", "engine?", "usage?"], (values, context) =>
      togetherFinding(problemsOf(values, context), values.list, context.now),
    ),
    find(
      ["folder", "list?", "events?", "logs?", "engine?", "space?"],
      ({ folder, space, ...values }, context) =>
        engineDisk(folder, space, problemsOf(values, context), context),
    ),
    find(["usage"], ({ usage }) => nearLimit(usage.usage)),
    find(["usage", "list", "events?", "logs?", "engine?"], heldBack),
  ]);

const remediesOf = ({ acts, advice, container }: Judged): (AdviceKey | "start" | "restart")[] => [
  ...new Set([
    ...acts,
    ...advice.map(({ key }) => key),
    ...(container.imageMissing ? (["recreate"] as const) : []),
  ]),
];

/** Containers whose problem the write answers; never a protected one, nor one that only suffers from another. */
function offeredTo(
  act: "start" | "restart",
  values: Pick<Steps, "list"> & Sight,
  context: Asked,
): Container[] {
  const problems = problemsOf(values, context);
  const effects = new Set(problems.flatMap(({ explains }) => explains));
  return problems
    .filter((one) => one.acts.includes(act) && mayAct(one.container) && !effects.has(idOf(one)))
    .map(({ container }) => container)
    .slice(0, MOST);
}

const targetOf = ({ id, name, state, startedAt }: Container) => ({ container: id, name, state, startedAt });

const NO_IMAGE = " Its image is no longer on the engine: it can start, not be recreated.";

const figures = (one: Container) =>
  facts({
    image: one.image,
    state: `${one.state}, exit code ${one.exitCode}`,
    health: one.health,
    restarts: `${one.restartCount} (policy ${one.restartPolicy})`,
    "memory limit": one.memoryLimit === 0 ? "none" : mebibytes(one.memoryLimit),
  });
