import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { redactor } from "../../lib/redact.ts";
import type { DockerClient } from "./client.ts";
import { isSelf, plainName } from "./find.ts";
import { Dependency, labelled } from "./labels.ts";
import type { Inspect } from "./shapes.ts";

const redact = redactor([]);
const SECOND_NS = 1e9;
/** What the engine does where a health check or a stop says nothing (docs.docker.com/reference/dockerfile#healthcheck). */
const DEFAULTS = { interval: 30, timeout: 30, retries: 3, stop: 10 };

/** A container's name or id as the engine spells them. */
export const Reference = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/, "a container name or id");

const Port = z.object({ container: z.string(), hostIp: z.string(), hostPort: z.int() });

/** How the engine asks whether a container is well. The command may hold secrets: only its first word is kept. */
const Check = z.object({
  program: z.string(),
  /** It is given to a shell, which the image must have. */
  isShell: z.boolean(),
  intervalSeconds: z.number(),
  timeoutSeconds: z.number(),
  startSeconds: z.number(),
  retries: z.int(),
});

const Probe = z.object({ exitCode: z.int(), output: z.string() });

export const Container = z.object({
  id: z.string(),
  name: z.string(),
  /** Of compose or swarm; the name where it is neither's. */
  service: z.string(),
  image: z.string(),
  /** The image this container was made of is no longer on the engine: it can start, but not be recreated. */
  imageMissing: z.boolean(),
  /** `linux/arm64`; null where it was not looked up (it runs) or is gone. */
  imagePlatform: z.string().nullable(),
  /** created, running, paused, restarting, removing, exited, dead. */
  state: z.string(),
  exitCode: z.int(),
  /** Why the engine could not start it; empty otherwise. */
  error: z.string(),
  oomKilled: z.boolean(),
  health: z.enum(["none", "starting", "healthy", "unhealthy"]),
  failingStreak: z.int(),
  check: Check.nullable(),
  /** The last failed health check, its output clipped and redacted; null where none of those the engine keeps failed. */
  lastProbe: Probe.nullable(),
  /** Of the five health checks the engine keeps, one passed. */
  passedLately: z.boolean(),
  restartCount: z.int(),
  restartPolicy: z.string(),
  /** Restarts after which the engine gives up; 0: it does not. */
  maxRestarts: z.int(),
  stopSeconds: z.number(),
  /** Of its first process while it runs. */
  pid: z.int().optional(),
  startedAt: z.string(),
  finishedAt: z.string(),
  /** Seconds since the last start while it runs; null otherwise. */
  uptimeSeconds: z.number().nullable(),
  /** Bytes; 0: no limit. */
  memoryLimit: z.number(),
  /** CPUs it may use, as `cpus:` says; 0: none said so (a `cpu_quota` is another thing). Absent in what was recorded before. */
  cpuLimit: z.number().optional(),
  /** Size of /dev/shm in bytes. */
  shmSize: z.number().nullable(),
  /** Made by `docker compose run`: ends by itself. */
  oneOff: z.boolean(),
  /** What compose waits for before it starts this one. */
  dependsOn: z.array(Dependency),
  /** A task of swarm: started, stopped and replaced by it. */
  isTask: z.boolean(),
  /** First word of what it runs. */
  program: z.string(),
  /** Paths in the container that a mount covers. */
  mountedAt: z.array(z.string()),
  logDriver: z.string(),
  /** Its log file grows for ever: driver json-file without `max-size`. */
  logUnbounded: z.boolean(),
  ports: z.array(Port),
  /** diagbot runs in it, or it is labelled `diagbot.protected=true`: never touched. */
  protected: z.boolean(),
});
export type Container = z.output<typeof Container>;

/** What the engine says of a container's image; absent: not looked up. */
export interface ImageSeen {
  readonly missing: boolean;
  readonly platform: string | null;
}

/** The engine's answer in our words. */
export const describe = (
  client: DockerClient,
  found: Inspect,
  images: ReadonlyMap<string, ImageSeen>,
): Container => ({
  id: found.Id,
  name: plainName(found),
  image: found.Config.Image,
  imageMissing: images.get(found.Image)?.missing ?? false,
  imagePlatform: images.get(found.Image)?.platform ?? null,
  ...stateOf(found),
  ...healthOf(found),
  ...limitsOf(found),
  ...labelled(found.Config.Labels ?? {}, plainName(found)),
  program: programOf([...(found.Config.Entrypoint ?? []), ...(found.Config.Cmd ?? [])]),
  mountedAt: (found.Mounts ?? []).slice(0, 50).map(({ Destination }) => Destination),
  ports: publishedPorts(found),
  protected: isSelf(client, found.Id) || found.Config.Labels?.["diagbot.protected"] === "true",
});

function stateOf({ State: state, Config: config, HostConfig: host, RestartCount: restartCount }: Inspect) {
  const running = ["running", "paused"].includes(state.Status);
  return {
    state: state.Status,
    exitCode: state.ExitCode,
    error: clip(redact(state.Error), 500),
    oomKilled: state.OOMKilled,
    restartCount,
    restartPolicy: host.RestartPolicy?.Name || "no",
    maxRestarts: host.RestartPolicy?.MaximumRetryCount ?? 0,
    stopSeconds: config.StopTimeout ?? DEFAULTS.stop,
    ...(running && state.Pid > 0 ? { pid: state.Pid } : {}),
    startedAt: state.StartedAt,
    finishedAt: state.FinishedAt,
    uptimeSeconds: running ? Math.max(0, (Date.now() - Date.parse(state.StartedAt)) / 1000) : null,
  };
}

function healthOf({ State: { Health: health }, Config: config }: Inspect) {
  const failed = health?.Log?.findLast((probe) => probe.ExitCode !== 0);
  return {
    health: healthWord(health?.Status),
    failingStreak: health?.FailingStreak ?? 0,
    check: checkOf(config.Healthcheck),
    lastProbe:
      failed === undefined
        ? null
        : { exitCode: failed.ExitCode, output: clip(redact(failed.Output.trim()), 500) },
    passedLately: health?.Log?.some(({ ExitCode }) => ExitCode === 0) ?? false,
  };
}

function limitsOf({ HostConfig: { Memory, NanoCpus, ShmSize, LogConfig } }: Inspect) {
  const logDriver = LogConfig?.Type ?? "";
  return {
    memoryLimit: Memory,
    cpuLimit: (NanoCpus ?? 0) / 1e9,
    shmSize: ShmSize ?? null,
    logDriver,
    logUnbounded: logDriver === "json-file" && LogConfig?.Config?.["max-size"] === undefined,
  };
}

const healthWord = (status: string | undefined): Container["health"] =>
  status === "starting" || status === "healthy" || status === "unhealthy" ? status : "none";

/** `["NONE"]` switches the image's own check off; `["CMD", …]` is run as it is; `["CMD-SHELL", line]` by a shell. */
function checkOf(said: Inspect["Config"]["Healthcheck"]): Container["check"] {
  const [how, first = ""] = said?.Test ?? [];
  if (said === undefined || said === null || (how !== "CMD" && how !== "CMD-SHELL")) return null;
  const seconds = (ns: number | null | undefined, otherwise: number) => (ns ? ns / SECOND_NS : otherwise);
  return {
    program: programOf([first]),
    isShell: how === "CMD-SHELL",
    intervalSeconds: seconds(said.Interval, DEFAULTS.interval),
    timeoutSeconds: seconds(said.Timeout, DEFAULTS.timeout),
    startSeconds: seconds(said.StartPeriod, 0),
    retries: said.Retries || DEFAULTS.retries,
  };
}

/** First word of a command: the rest may hold secrets. */
const programOf = ([first = ""]: readonly string[]): string => {
  const word = first.trimStart().slice(0, 200).split(/\s/, 1)[0] ?? "";
  return word.includes("=") ? "" : clip(redact(word), 100);
};

const publishedPorts = (found: Inspect): z.output<typeof Port>[] =>
  Object.entries(found.HostConfig.PortBindings ?? {}).flatMap(([container, bindings]) =>
    (bindings ?? [])
      .filter((binding) => /^\d+$/.test(binding.HostPort))
      .map((binding) => ({ container, hostIp: binding.HostIp, hostPort: Number(binding.HostPort) })),
  );

/** It runs and, where it has a health check, that says so, for at least so many seconds. */
export const isUp = (all: readonly Container[], id: string, seconds = 0): boolean => {
  const now = all.find((one) => one.id === id);
  return (
    now?.state === "running" &&
    ["none", "healthy"].includes(now.health) &&
    (now.uptimeSeconds ?? 0) >= seconds
  );
};

/** `worker exited → runs again, pid 32531, healthy`. */
export function sayNow(
  all: readonly Container[],
  was: { container: string; name: string; state: string },
): string {
  const now = all.find((one) => one.id === was.container);
  if (now === undefined) return `${was.name} ${was.state} → gone`;
  const pid = now.pid === undefined ? "" : `, pid ${now.pid}`;
  const health = now.health === "none" ? "" : `, ${now.health}`;
  return `${was.name} ${was.state} → ${now.state === "running" ? "runs again" : now.state}${pid}${health}`;
}
