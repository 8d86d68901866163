import {
  code,
  docker,
  type Evidence,
  facts,
  type RunContext,
  runbookOn,
  type StepsOf,
  sayPercent,
  shellWord,
  z,
} from "../../src/sdk/index.ts";
import { type Container, containersOf, mebibytes, portOf, problemsOf } from "./problems.ts";

/** Containers one approval may start or restart. */
const MOST = 5;
/** Share of its memory limit beyond which a container is about to be killed. */
const NEAR_LIMIT = 0.9;
const STARTABLE = ["exited", "created", "paused"];

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
      "tektra.service-status",
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
    ],
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
  () => ({ engine: docker.ping(), list: docker.containers(), events: docker.events() }),
).andThen(["list", "events?"], (values, context) => {
  const failing = problemsOf(values, context).map(({ container }) => container.id);
  const limited = containersOf(values.list, context.params.service).filter(
    (one) => one.state === "running" && one.memoryLimit > 0,
  );
  return {
    logs: docker.logs({ containers: failing.slice(0, 8), lines: context.params.logLines }),
    usage: docker.stats({ containers: limited.slice(0, 20).map(({ id }) => id) }),
  };
});

type Steps = StepsOf<typeof book>;

export const containerFailure = book
  .remedies({
    start: book.does(
      docker.startContainer,
      ["list", "events?"],
      (values, context) =>
        offeredTo("start", values, context)
          .filter(({ state }) => STARTABLE.includes(state))
          .map(targetOf),
      {
        title: "Start what is down",
        recheck: ["list"],
        holds: ({ list }, done, { params }) =>
          done.every(({ input }) => hasRunFor(params.stableSeconds, list, input.container)),
      },
    ),
    restart: book.does(
      docker.restartContainer,
      ["list", "events?"],
      (values, context) => offeredTo("restart", values, context).map(targetOf),
      {
        title: "Restart what is unhealthy",
        recheck: ["list"],
        holds: ({ list }, done, { params }) =>
          done.every(({ input }) => hasRunFor(params.stableSeconds, list, input.container)),
      },
    ),
    fixCrash: book.advises("Find out why it fails", "low", (values, context) => {
      const name = problemsOf(values, context)[0]?.container.name ?? "CONTAINER";
      return `Read on: \`docker logs --tail 200 --since 15m ${shellWord(name)}\`. A changed .env or compose file is picked up by \`docker compose up -d\`, not by a restart. Check what it depends on (database, cache) before anything else.`;
    }),
    raiseMemory: book.advises("Raise the memory limit", "high", (values, context) => {
      const near = values.usage?.usage.filter(({ limited }) => limited).map(({ name }) => name) ?? [];
      const killed = problemsOf(values, context).find(({ kind }) => kind === "memory");
      const all = containersOf(values.list, context.params.service);
      const one = killed?.container ?? all.find(({ name }) => near.includes(name));
      if (one === undefined || one.memoryLimit === 0)
        return "It has no limit: the machine is short of memory. Run the high-memory runbook.";
      const wanted = Math.ceil((one.memoryLimit * 1.5) / 1024 / 1024);
      return `${one.name} needs more than ${mebibytes(one.memoryLimit)}. Until it is recreated: \`docker update --memory ${wanted}m --memory-swap ${wanted}m ${shellWord(one.name)}\`. For good: \`mem_limit: ${wanted}m\` for service ${one.service} in the compose file, then \`docker compose up -d ${shellWord(one.service)}\`. If it grows to the new limit too, it leaks.`;
    }),
    freePort: book.advises("Free the port", "high", (values, context) => {
      const problem = problemsOf(values, context).find(({ kind }) => kind === "port");
      const service = problem?.container.service;
      const port = portOf(problem?.container.error ?? "") ?? "PORT";
      return `${problem?.because ?? ""} Find the owner: \`ss -Hltnp 'sport = :${port}'\` and \`docker ps --filter publish=${port}\`. Stop it through what supervises it, or publish ${service ?? "the service"} on another port (and change whoever calls it), then \`docker compose up -d ${serviceWord(service)}\`.`;
    }),
    fixStart: book.advises("Correct what the engine refuses", "low", (values, context) => {
      const one = problemsOf(values, context).find(({ kind }) => kind === "start")?.container;
      return `${one?.error ?? "The container is protected from diagbot."} Correct the command, mount, network or device in the compose file (service ${one?.service ?? "?"}), then \`docker compose up -d ${serviceWord(one?.service)}\`.`;
    }),
    recreate: book.advises("Recreate the container", "high", ({ list }, { params }) => {
      const one = containersOf(list, params.service).find(
        ({ state, imageMissing }) => state === "dead" || imageMissing,
      );
      return `\`docker compose pull ${serviceWord(one?.service)}\`, then \`docker compose up -d --force-recreate ${serviceWord(one?.service)}\` (image ${one?.image ?? "?"}; prefer the digest of the last release).`;
    }),
    startProject: book.advises("Bring the project up", "high", ({ list }) => {
      const project = list?.project ?? null;
      return `In the folder of its compose file: \`docker compose ${project === null ? "" : `-p ${shellWord(project)} `}up -d\`, then \`docker compose ps -a\`. If it goes by another name, correct \`project:\` in diagbot.yaml (\`docker compose ls -a\` lists them).`;
    }),
  })
  .findings((find) => [
    find(
      ["list"],
      ({ list: { project, total } }) =>
        total === 0 &&
        project !== null && {
          id: "project-without-containers",
          severity: "critical",
          title: `Project ${project} has no containers, not even stopped ones`,
          because: "It was never brought up on this engine, was taken down, or goes by another project name.",
          remedies: ["startProject"],
        },
    ),
    find(["list"], ({ list }, { params: { service } }) => {
      const { project, total } = list;
      if (service === undefined || (total === 0 && project !== null)) return undefined;
      return (
        containersOf(list, service).length === 0 && {
          id: `no-container:${service}`,
          severity: "critical",
          title: `No container of ${service}`,
          because: `Of ${total} containers${project === null ? "" : ` of project ${project}`} none is of this service or name.`,
          remedies: ["startProject"],
        }
      );
    }),
    find(["list", "events?", "logs?"], (values, context) =>
      problemsOf(values, context).map(({ kind, container, severity, title, because, remedies }) => {
        const lines = values.logs?.logs.find((one) => one.container === container.id)?.lines ?? [];
        const more = `${kind === "unhealthy" ? "" : sayLast(lines)}${container.imageMissing ? NO_IMAGE : ""}`;
        return {
          id: `${kind}:${container.name}`,
          severity,
          title,
          because: `${because}${more}`,
          evidence: [
            figures(container),
            ...codeOf(container.lastProbe, "last failed health check"),
            ...codeOf(lines.join("\n"), "last log lines"),
          ],
          remedies: [...remedies, ...(container.imageMissing ? (["recreate"] as const) : [])],
        };
      }),
    ),
    find(["usage"], ({ usage }) =>
      usage.usage
        .filter((one) => one.limited && one.memory / one.memoryLimit >= NEAR_LIMIT)
        .map((one) => ({
          id: `near-memory-limit:${one.name}`,
          severity: "warning",
          title: `${one.name} uses ${sayPercent(one.memory / one.memoryLimit)} of its memory limit of ${mebibytes(one.memoryLimit)}`,
          because:
            "At the limit the kernel kills it. The figure leaves out page cache that can be given back.",
          remedies: ["raiseMemory"],
        })),
    ),
  ]);

/** Containers whose problem the remedy answers; never a protected one. */
const offeredTo = (
  remedy: "start" | "restart",
  values: Pick<Steps, "list"> & Partial<Pick<Steps, "events">>,
  context: RunContext<{ readonly service?: string | undefined }>,
): Container[] =>
  problemsOf(values, context)
    .filter(({ remedies, container }) => remedies.some((one) => one === remedy) && !container.protected)
    .map(({ container }) => container)
    .slice(0, MOST);

const targetOf = ({ id, name, state, startedAt }: Container) => ({ container: id, name, state, startedAt });

/** That it runs and is healthy the action says itself; this: for so long already. */
const hasRunFor = (seconds: number, { containers }: Steps["list"], id: string): boolean =>
  (containers.find((one) => one.id === id)?.uptimeSeconds ?? 0) >= seconds;

const NO_IMAGE = " Its image is no longer on the engine: it can start, not be recreated.";

const sayLast = (lines: readonly string[]): string =>
  lines.length === 0 ? "" : ` Last log line: ${lines.at(-1)?.slice(0, 200)}`;

const codeOf = (text: string, title: string): Evidence[] => (text === "" ? [] : [code(text, title)]);

const figures = (one: Container) =>
  facts({
    image: one.image,
    state: `${one.state}, exit code ${one.exitCode}`,
    health: one.health,
    restarts: `${one.restartCount} (policy ${one.restartPolicy})`,
    "memory limit": one.memoryLimit === 0 ? "none" : mebibytes(one.memoryLimit),
  });

/** A service as a word of a command; nothing where none is known. */
const serviceWord = (name: string | undefined): string =>
  name === undefined || name === "" ? "" : shellWord(name);
