import type { DoctorCheck } from "../cli/deps.ts";
import type { Role } from "../config/environment.ts";
import type { Config } from "../config/load.ts";
import { count } from "../core/words/format.ts";
import { checkSlack } from "../ingress/slack/check.ts";
import { LOCK } from "../packs/lock.ts";
import { type AppDeps, openDeps } from "./deps.ts";
import { checkSystems } from "./doctor-systems.ts";
import { type Knowledge, loadKnowledge } from "./knowledge.ts";
import { type Required, requirements } from "./requirements.ts";

const WORKER_IS_ALIVE_MS = 10_000;

/** What is missing between this machine, Slack, Postgres, the queue and the systems. Looks only. */
export async function diagnoseSelf(config: Config, role: Role): Promise<DoctorCheck[]> {
  const deps = openDeps(config, await loadKnowledge(config), { maxConnections: 2 });
  try {
    const checks = await Promise.all([
      requirements(deps, role).then((found) => found.map(shown)),
      slack(config),
      workers(deps),
      checkSystems(config.systems, deps.knowledge.kinds),
      packs(deps.knowledge),
    ]);
    // What comes from the systems is foreign text, and errors may repeat a URL with its password.
    return checks.flat().map((check) => redacted(check, deps.redact));
  } finally {
    await deps.close();
  }
}

const shown = ({ code: _code, ...check }: Required): DoctorCheck => check;

const redacted = (check: DoctorCheck, redact: (text: string) => string): DoctorCheck => ({
  ...check,
  detail: redact(check.detail),
  ...(check.fix === undefined ? {} : { fix: redact(check.fix) }),
});

/** Each pack with what pins it, then what was left out. */
const packs = ({ packs: loaded, leftOut }: Knowledge): DoctorCheck[] => [
  ...loaded
    .filter(({ runbooks }) => runbooks.length > 0)
    .map(({ name, runbooks, isLocked }): DoctorCheck => {
      const detail = `${name}: ${count(runbooks.length, "runbook")}`;
      return isLocked
        ? { name: "packs", state: "ok", detail: `${detail}, as ${LOCK} says` }
        : {
            name: "packs",
            state: "warning",
            detail: `${detail}, not pinned`,
            fix: "run `diagbot packs lock`",
          };
    }),
  ...leftOut.map(
    (detail): DoctorCheck => ({ name: "runbooks", state: "missing", detail: `left out: ${detail}` }),
  ),
];

async function slack({ environment, slackChannel, systems }: Config): Promise<DoctorCheck[]> {
  if (environment.slack === undefined)
    return [
      {
        name: "slack",
        state: "warning",
        detail: "not configured: only alerts and the command line are served",
        fix: "set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET or SLACK_APP_TOKEN",
      },
    ];
  const lost: DoctorCheck = {
    name: "slack.channel",
    state: "warning",
    detail: "is not set: alerts that belong to no system are refused",
    fix: "set `slack.channel` in diagbot.yaml",
  };
  const channels = [
    ...systems.flatMap((system) => system.channel ?? []),
    ...(slackChannel === undefined ? [] : [slackChannel]),
  ];
  const found = await checkSlack(environment.slack, [...new Set(channels)]);
  const checks = found.map(
    ({ ok, isDoubtful, name, detail, fix }): DoctorCheck => ({
      name,
      state: ok ? (isDoubtful ? "warning" : "ok") : "missing",
      detail,
      ...(fix === undefined ? {} : { fix }),
    }),
  );
  return slackChannel === undefined ? [...checks, lost] : checks;
}

async function workers({ store }: AppDeps): Promise<DoctorCheck> {
  const alive = await store.sweep.workers(WORKER_IS_ALIVE_MS).catch(() => []);
  return alive.length > 0
    ? {
        name: "workers",
        state: "ok",
        detail: alive.map((worker) => `${worker.host}/${worker.pid}`).join(", "),
      }
    : {
        name: "workers",
        state: "warning",
        detail: "no worker is alive",
        fix: "run `diagbot serve`; until then `run` works by itself",
      };
}
