import {
  type Call,
  code,
  docker,
  type Evidence,
  type Finding,
  facts,
  runbook,
  type Seen,
  sayPercent,
  shellWord,
  verify,
  z,
} from "../src/sdk.ts";
import {
  type Container,
  type ContainerContext,
  type ContainerRemedy,
  type ContainerView,
  containersOf,
  type Trouble,
  troublesOf,
} from "./support/container-trouble.ts";
import { mebibytes, portOf } from "./support/container-words.ts";

type Out<C> = C extends (...input: never[]) => Call<infer O> ? O : never;
type Logs = Seen<Out<typeof docker.logs>>;
type Usage = Seen<Out<typeof docker.stats>>;

const MAX_TARGETS = 5;
/** Share of its memory limit beyond which a container is about to be killed. */
const NEAR_LIMIT = 0.9;
const STARTABLE = ["exited", "created", "paused"];

/** The engine or the list did not answer, the project is empty, the service is not there. */
function general(view: ContainerView, context: ContainerContext): Finding<ContainerRemedy>[] {
  const { engine, list } = view;
  const failed = engine.ok ? list : engine;
  if (!failed.ok) return [engineFinding(failed.error)];
  if (!list.ok) return [];
  const { project, total } = list.value;
  const { service } = context.params;
  if (total === 0 && project !== null)
    return [
      {
        id: "project-without-containers",
        severity: "critical",
        title: `Project ${project} has no containers, not even stopped ones`,
        because: "It was never brought up on this engine, was taken down, or goes by another project name.",
        remedies: ["startProject"],
      },
    ];
  if (service === undefined || containersOf(view, context).length > 0) return [];
  return [
    {
      id: `no-container:${service}`,
      severity: "critical",
      title: `No container of ${service}`,
      because: `Of ${total} containers${project === null ? "" : ` of project ${project}`} none is of this service or name.`,
      remedies: ["startProject"],
    },
  ];
}

function engineFinding(error: { code: string; message: string; detail?: string }): Finding<ContainerRemedy> {
  const titles: Readonly<Record<string, string>> = {
    target_unreachable: "The Docker engine is not running",
    target_auth: "diagbot may not use the Docker engine's socket",
    timeout: "The Docker engine accepts connections but does not answer",
  };
  return {
    id: "engine-unreachable",
    severity: "critical",
    title: titles[error.code] ?? "The Docker engine did not answer as it should",
    because: error.message,
    remedies: ["reachEngine"],
  };
}

function troubleFinding(trouble: Trouble, logs: Logs): Finding<ContainerRemedy> {
  const { container, kind, severity, title, because, remedies } = trouble;
  const log = logs.ok ? logs.value.logs.find((one) => one.container === container.id) : undefined;
  const last = log?.lines.at(-1);
  const evidence: Evidence[] = [
    facts({
      image: container.image,
      state: `${container.state}, exit code ${container.exitCode}`,
      health: container.health,
      restarts: `${container.restartCount} (policy ${container.restartPolicy})`,
      "memory limit": container.memoryLimit === 0 ? "none" : mebibytes(container.memoryLimit),
    }),
  ];
  if (container.lastProbe !== "") evidence.push(code(container.lastProbe, "last failed health check"));
  if (log !== undefined && log.lines.length > 0) evidence.push(code(log.lines.join("\n"), "last log lines"));
  const said = last !== undefined && kind !== "unhealthy" ? ` Last log line: ${last.slice(0, 200)}` : "";
  const gone = container.imageMissing
    ? " Its image is no longer on the engine: it can start, not be recreated."
    : "";
  return {
    id: `${kind}:${container.name}`,
    severity,
    title,
    because: `${because}${said}${gone}`,
    evidence,
    remedies: [...remedies, ...(container.imageMissing ? (["recreate"] as const) : [])],
  };
}

function nearLimit(usage: Usage): Finding<ContainerRemedy>[] {
  if (!usage.ok) return [];
  return usage.value.usage
    .filter((one) => one.limited && one.memory / one.memoryLimit >= NEAR_LIMIT)
    .map((one) => ({
      id: `near-memory-limit:${one.name}`,
      severity: "warning",
      title: `${one.name} uses ${sayPercent(one.memory / one.memoryLimit)} of its memory limit of ${mebibytes(one.memoryLimit)}`,
      because: "At the limit the kernel kills it. The figure leaves out page cache that can be given back.",
      remedies: ["raiseMemory"],
    }));
}

const ofKind = (view: ContainerView, context: ContainerContext, remedy: ContainerRemedy): Container[] =>
  troublesOf(view, context)
    .filter(({ remedies, container }) => remedies.includes(remedy) && !container.protected)
    .map(({ container }) => container)
    .slice(0, MAX_TARGETS);

const startable = (view: ContainerView, context: ContainerContext): Container[] =>
  ofKind(view, context, "start").filter(({ state }) => STARTABLE.includes(state));

const targetOf = ({ id, name, state, startedAt }: Container) => ({ container: id, name, state, startedAt });

/** The health gate: up, healthy where it has a health check, and so for a while. */
const areWell = (
  list: Seen<Out<typeof docker.containers>>,
  targets: readonly Container[],
  seconds: number,
): boolean =>
  list.ok &&
  targets.every((target) => {
    const now = list.value.containers.find(({ id }) => id === target.id);
    return (
      now?.state === "running" &&
      ["none", "healthy"].includes(now.health) &&
      (now.uptimeSeconds ?? 0) >= seconds
    );
  });

/** A container that is down, loops, is unhealthy or was killed for memory. */
export const containerFailure = runbook({
  id: "container-failure",
  title: "Containers",
  needs: ["docker"],
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
    { alertname: "ContainerKilled" },
    { alertname: "ContainerAbsent" },
    { alertname: "ContainerDown" },
    { alertname: "ContainerUnhealthy" },
    { alertname: "ContainerRestarting" },
    { alertname: "ContainerOomKilled" },
    { alertname: "ContainerHighMemoryUsage" },
    { alertname: "DockerContainerDown" },
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
})
  .diagnose(() => ({ engine: docker.ping(), list: docker.containers(), events: docker.events() }))
  .andThen((view, context) => {
    const failing = troublesOf(view, context).map(({ container }) => container.id);
    const limited = containersOf(view, context).filter(
      (one) => one.state === "running" && one.memoryLimit > 0,
    );
    return {
      logs: docker.logs({ containers: failing.slice(0, 8), lines: context.params.logLines }),
      usage: docker.stats({ containers: limited.slice(0, 20).map(({ id }) => id) }),
    };
  })
  .findings((view, context): readonly Finding<ContainerRemedy>[] => [
    ...general(view, context),
    ...troublesOf(view, context).map((trouble) => troubleFinding(trouble, view.logs)),
    ...nearLimit(view.usage),
  ])
  .remedies({
    start: {
      title: "Start what is down",
      risk: "high",
      do: (view, context) => startable(view, context).map((one) => docker.startContainer(targetOf(one))),
      verify: verify({
        check: { list: docker.containers() },
        holds: ({ list }, before, context) =>
          areWell(list, startable(before, context), context.params.stableSeconds),
        within: "2m",
      }),
      undo: "none: stopping it again would bring the fault back",
    },
    restart: {
      title: "Restart what is unhealthy",
      risk: "high",
      do: (view, context) =>
        ofKind(view, context, "restart").map((one) => docker.restartContainer(targetOf(one))),
      verify: verify({
        check: { list: docker.containers() },
        holds: ({ list }, before, context) =>
          areWell(list, ofKind(before, context, "restart"), context.params.stableSeconds),
        within: "3m",
      }),
      undo: "none: the process that ran before is gone",
    },
    fixCrash: {
      title: "Find out why it fails",
      risk: "low",
      advice: (view, context) => {
        const name = troublesOf(view, context)[0]?.container.name ?? "CONTAINER";
        return `Read on: \`docker logs --tail 200 --since 15m ${shellWord(name)}\`. A changed .env or compose file is picked up by \`docker compose up -d\`, not by a restart. Check what it depends on (database, cache) before anything else.`;
      },
    },
    raiseMemory: {
      title: "Raise the memory limit",
      risk: "high",
      advice: (view, context) => {
        const near = view.usage.ok
          ? view.usage.value.usage.filter((one) => one.limited).map(({ name }) => name)
          : [];
        const killed = troublesOf(view, context).filter(({ kind }) => kind === "memory");
        const one =
          killed[0]?.container ?? containersOf(view, context).find(({ name }) => near.includes(name));
        if (one === undefined || one.memoryLimit === 0)
          return "It has no limit: the machine is short of memory. Run the high-memory runbook.";
        const wanted = Math.ceil((one.memoryLimit * 1.5) / 1024 / 1024);
        return `${one.name} needs more than ${mebibytes(one.memoryLimit)}. Until it is recreated: \`docker update --memory ${wanted}m --memory-swap ${wanted}m ${shellWord(one.name)}\`. For good: \`mem_limit: ${wanted}m\` for service ${one.service} in the compose file, then \`docker compose up -d ${shellWord(one.service)}\`. If it grows to the new limit too, it leaks.`;
      },
    },
    freePort: {
      title: "Free the port",
      risk: "high",
      advice: (view, context) => {
        const trouble = troublesOf(view, context).find(({ kind }) => kind === "port");
        const port = portOf(trouble?.container.error ?? "") ?? "PORT";
        return `${trouble?.because ?? ""} Find the owner: \`ss -Hltnp 'sport = :${port}'\` and \`docker ps --filter publish=${port}\`. Stop it through what supervises it, or publish ${trouble?.container.service ?? "the service"} on another port (and change whoever calls it), then \`docker compose up -d ${serviceWord(trouble?.container.service)}\`.`;
      },
    },
    fixStart: {
      title: "Correct what the engine refuses",
      risk: "low",
      advice: (view, context) => {
        const one = troublesOf(view, context).find(({ kind }) => kind === "start")?.container;
        return `${one?.error ?? "The container is protected from diagbot."} Correct the command, mount, network or device in the compose file (service ${one?.service ?? "?"}), then \`docker compose up -d ${serviceWord(one?.service)}\`.`;
      },
    },
    recreate: {
      title: "Recreate the container",
      risk: "high",
      advice: (view, context) => {
        const all = containersOf(view, context);
        const one = all.find(({ state, imageMissing }) => state === "dead" || imageMissing);
        return `\`docker compose pull ${serviceWord(one?.service)}\`, then \`docker compose up -d --force-recreate ${serviceWord(one?.service)}\` (image ${one?.image ?? "?"}; prefer the digest of the last release).`;
      },
    },
    startProject: {
      title: "Bring the project up",
      risk: "high",
      advice: ({ list }) =>
        `In the folder of its compose file: \`docker compose ${list.ok && list.value.project !== null ? `-p ${shellWord(list.value.project)} ` : ""}up -d\`, then \`docker compose ps -a\`. If it goes by another name, correct \`project:\` in diagbot.yaml (\`docker compose ls -a\` lists them).`,
    },
    reachEngine: {
      title: "Get the engine to answer",
      risk: "high",
      advice:
        "`systemctl status docker containerd`, `journalctl -u docker --since -15m`, free space below /var/lib/docker, and who may read the socket (`ls -l /var/run/docker.sock`). With live-restore the containers survive `systemctl restart docker`; without it they restart.",
    },
  });

/** A service as a word of a command; nothing where it has no name. */
function serviceWord(name: string | null | undefined): string {
  return name === undefined || name === null || name === "" ? "" : shellWord(name);
}
