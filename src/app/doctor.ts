import { hostname } from "node:os";
import type { DoctorCheck } from "../cli/deps.ts";
import type { Role } from "../config/environment.ts";
import { instead } from "../config/explain.ts";
import type { Config } from "../config/load.ts";
import { DiagError } from "../core/words/errors.ts";
import { count } from "../core/words/format.ts";
import type { Webhook } from "../core/words/webhook.ts";
import { tryWebhook } from "../escalate/try.ts";
import { checkSlack } from "../ingress/slack/check.ts";
import { LOCK } from "../packs/lock.ts";
import { type AppDeps, openDeps } from "./deps.ts";
import { checkSystems } from "./doctor-systems.ts";
import type { Knowledge } from "./knowledge.ts";
import type { Product } from "./product.ts";
import { type Required, requirements } from "./requirements.ts";

const WORKER_IS_ALIVE_MS = 10_000;

/**
 * What is missing between this machine, Slack, Postgres, the queue and the systems. Looks only; `tell`: webhooks of diagbot.yaml that
 * are sent a test. Throws `usage` where there is none of that name.
 */
export async function diagnoseSelf(
  { config, knowledge }: Product,
  role: Role,
  tell: readonly string[] = [],
): Promise<DoctorCheck[]> {
  const told = tell.map((name) => [name, webhookNamed(config, name)] as const);
  const deps = openDeps(config, knowledge, { maxConnections: 2 });
  try {
    const checks = await Promise.all([
      requirements(deps, role).then((found) => found.map(shown)),
      slack(config),
      workers(deps),
      checkSystems(config.systems, deps.knowledge.kinds),
      packs(deps.knowledge),
      Promise.all(told.map(([name, webhook]) => webhookCheck(name, webhook))),
    ]);
    // What comes from the systems is foreign text, and errors may repeat a URL with its password.
    return checks.flat().map((check) => redacted(check, deps.redact));
  } finally {
    await deps.close();
  }
}

function webhookNamed({ webhooks }: Config, name: string): Webhook {
  const webhook = Object.hasOwn(webhooks, name) ? webhooks[name] : undefined;
  if (webhook !== undefined) return webhook;
  const names = Object.keys(webhooks);
  throw new DiagError("usage", `there is no webhook "${name}"${instead(name, names)}`, {
    hint: names.length === 0 ? "diagbot.yaml has no `webhooks`" : `there are: ${names.join(", ")}`,
  });
}

async function webhookCheck(name: string, webhook: Webhook): Promise<DoctorCheck> {
  const { state, said } = await tryWebhook(webhook, hostname());
  const check = { name: `webhooks.${name}`, detail: `${webhook.kind}: ${said}` };
  if (state === "sent") return { ...check, state: "ok" };
  return state === "unknown"
    ? { ...check, state: "warning", fix: "it may have arrived: look there" }
    : { ...check, state: "missing", fix: "look at its address and key in diagbot.yaml, and what it answers" };
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
    .filter(({ runbooks, kinds }) => runbooks.length + kinds.length > 0)
    .map(({ name, runbooks, kinds, isLocked }): DoctorCheck => {
      const more = kinds.length === 0 ? "" : `, the kind ${kinds.map(({ kind }) => kind.name).join(", ")}`;
      const detail = `${name}: ${count(runbooks.length, "runbook")}${more}`;
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
