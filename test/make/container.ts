import { containerFailure } from "../../runbooks/docker/container-failure.ts";
import { type Judged, judge } from "../../src/testing/judge.ts";

/** When the situations below are looked at. */
export const NOW = new Date("2026-01-01T12:00:00Z");

/** So many seconds before that, as the engine writes times. */
export const secondsAgo = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();

/** A container as `docker.containers` returns it: it runs and is well. */
export const makeContainer = (more: object = {}) => {
  const name = "name" in more ? String(more.name) : "api";
  return {
    ...{ id: `id-${name}`, name, service: name, image: "shop/api:1", imageMissing: false },
    ...{ imagePlatform: null, state: "running", exitCode: 0, error: "", oomKilled: false },
    ...{ health: "none", failingStreak: 0, check: null, lastProbe: null, passedLately: false },
    ...{ restartCount: 0, restartPolicy: "no", maxRestarts: 0, stopSeconds: 10 },
    ...{ startedAt: secondsAgo(7200), finishedAt: "0001-01-01T00:00:00Z", uptimeSeconds: 7200 },
    ...{ memoryLimit: 0, shmSize: 67_108_864, oneOff: false, dependsOn: [], isTask: false },
    ...{ program: "", mountedAt: [], logDriver: "json-file", logUnbounded: true },
    ...{ ports: [], protected: false },
    ...more,
  };
};

/** One that ended five minutes ago after an hour. */
export const makeEnded = (exitCode: number, more: object = {}) =>
  makeContainer({
    ...{ state: "exited", exitCode, uptimeSeconds: null },
    ...{ startedAt: secondsAgo(3900), finishedAt: secondsAgo(300) },
    ...more,
  });

/** One that runs and fails its health check. */
export const makeUnhealthy = (lastProbe: { exitCode: number; output: string }, more: object = {}) =>
  makeContainer({
    ...{ health: "unhealthy", failingStreak: 3, lastProbe },
    check: {
      ...{ program: "curl", isShell: true, retries: 3 },
      ...{ intervalSeconds: 10, timeoutSeconds: 5, startSeconds: 0 },
    },
    ...more,
  });

interface Scene {
  readonly containers: readonly object[];
  readonly strangers?: readonly object[];
  /** `[seconds ago, name, what, signal or exit code]`. */
  readonly events?: readonly (readonly [number, string, string, (string | number)?])[];
  readonly forgotBefore?: number | null;
  /** Lines by container's name, all of the last run; an error where it is a string. */
  readonly logs?: Readonly<Record<string, readonly string[] | string>>;
  /** Logs as `docker.logs` returns them, in place of `logs`. */
  readonly rawLogs?: readonly object[];
  readonly usage?: readonly object[];
  /** Shares of the engine's disk in use; left out: it cannot be seen. */
  readonly disk?: { readonly usedRatio: number; readonly inodesRatio: number | null };
  readonly space?: object;
  readonly service?: string;
  /** Name of the alert that started it. */
  readonly alert?: string;
  readonly product?: "Docker" | "Podman";
}

/** What container-failure makes of such an engine. */
export function judgeContainers({
  containers,
  strangers = [],
  events,
  forgotBefore = null,
  ...scene
}: Scene): Judged {
  const product = scene.product ?? "Docker";
  const list = {
    ...{ project: "shop", total: containers.length, truncated: false, containers, strangers },
    product,
  };
  const engine = {
    version: "28.0.0",
    api: "1.48",
    project: "shop",
    platform: "linux/amd64",
    product,
  };
  const fileSystem = scene.disk === undefined ? null : { size: 1e10, available: 1e8, ...scene.disk };
  const folder = { path: "/var/lib/docker", fileSystem };
  const logs = Object.entries(scene.logs ?? {}).map(([name, said]) => {
    const lines = typeof said === "string" ? [] : said;
    const error = typeof said === "string" ? said : null;
    return { container: `id-${name}`, name, lines, ofLastRun: lines.length, truncated: false, error };
  });
  return judge(containerFailure, {
    steps: {
      ...{ engine, list, folder, logs: { logs: scene.rawLogs ?? logs }, usage: { usage: scene.usage ?? [] } },
      ...(scene.space === undefined ? {} : { space: scene.space }),
      ...(events === undefined ? {} : { events: { events: events.map(eventOf), forgotBefore } }),
    },
    ...(scene.service === undefined ? {} : { params: { service: scene.service } }),
    ...(scene.alert === undefined ? {} : { alert: { labels: { alertname: scene.alert }, annotations: {} } }),
    now: NOW,
  });
}

const eventOf = ([ago, name, what, more]: NonNullable<Scene["events"]>[number]) => ({
  at: Math.floor(NOW.getTime() / 1000) - ago,
  what,
  ...{ container: `id-${name}`, name },
  exitCode: what === "die" ? Number(more) : null,
  signal: what === "kill" ? String(more) : null,
});

/** The finding that is said first. */
export function firstOf({ findings }: Pick<Judged, "findings">): Judged["findings"][number] {
  const [one] = findings;
  if (one === undefined) throw new Error("nothing was found");
  return one;
}
