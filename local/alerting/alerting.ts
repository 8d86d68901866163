import { underSignal } from "../../src/lib/deadline.ts";
import { waitFor } from "../../src/lib/wait.ts";
import type { LiveRule } from "../faults/fault.ts";
import { type LiveAlert, notificationOf } from "./payload.ts";

/** Where notifications go. */
export interface AlertingTarget {
  readonly webhookUrl: string;
  readonly token: string;
  /** Where "source" links of a notification lead. */
  readonly externalUrl: string;
  /** Label of every alert, with `severity` and those of its rule. */
  readonly job: string;
}

/** The emulated Prometheus rules and Alertmanager: watches the sample system and reports what is really there. */
export interface Alerting {
  /** Names of the rules that fire now. */
  firing(): string[];
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1000;
/** Prometheus' `for`, where the rule says nothing; and as many clean looks in a row mean that it is over. */
const LOOKS = 2;
const REPEAT_MS = 60_000;
const GROUP_BY = ["alertname", "folder", "process"];

interface Watched {
  readonly rule: LiveRule;
  since: Date | undefined;
  hits: number;
  misses: number;
  live: LiveAlert | undefined;
  /** The last notification that was accepted, and when. */
  sent: { readonly status: string; readonly at: number } | undefined;
}

/** Starts watching. A notification that is not accepted is sent again at the next look, as Alertmanager does. */
export function startAlerting(
  rules: readonly LiveRule[],
  target: AlertingTarget,
  say: (line: string) => void,
): Alerting {
  const watched = rules.map(
    (rule): Watched => ({ rule, since: undefined, hits: 0, misses: 0, live: undefined, sent: undefined }),
  );
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await Promise.all(
        watched.map(async (one) => {
          await observe(one, target.job);
          await notify(one, target, stopping.signal).catch((error: Error) =>
            say(`${one.rule.alertname} not delivered: ${error.message}`),
          );
        }),
      );
      await waitFor(LOOK_EVERY_MS, stopping.signal);
    }
  };
  const looking = look();
  return {
    firing: () => watched.filter(isFiring).map(({ rule }) => rule.alertname),
    stop: async () => {
      stopping.abort();
      await looking;
    },
  };
}

const isFiring = ({ live }: Watched): boolean => live !== undefined && live.endsAt === undefined;

async function observe(one: Watched, job: string): Promise<void> {
  // A look that fails says nothing: neither firing nor over.
  const seen = await one.rule.firing().catch(() => null);
  if (seen === null) return;
  if (seen === undefined) {
    one.misses += 1;
    one.hits = 0;
    one.since = undefined;
    if (one.misses >= LOOKS && isFiring(one) && one.live !== undefined)
      one.live = { ...one.live, endsAt: new Date() };
    return;
  }
  one.hits += 1;
  one.misses = 0;
  one.since ??= new Date();
  if (one.hits >= (one.rule.forSeconds ?? LOOKS) && !isFiring(one))
    one.live = fire(one.rule, job, one.since, seen);
}

const fire = (rule: LiveRule, job: string, startsAt: Date, value: string): LiveAlert => ({
  labels: { alertname: rule.alertname, job, severity: rule.severity, ...rule.labels },
  annotations: { summary: rule.summary, description: value },
  startsAt,
});

async function notify(one: Watched, target: AlertingTarget, signal: AbortSignal): Promise<void> {
  if (one.live === undefined) return;
  const status = isFiring(one) ? "firing" : "resolved";
  const repeat = status === "firing" && one.sent !== undefined && Date.now() - one.sent.at > REPEAT_MS;
  const changed = `${status} ${one.live.startsAt.getTime()}`;
  if (one.sent?.status === changed && !repeat) return;
  const body = notificationOf([one.live], GROUP_BY, {
    receiver: "diagbot",
    url: target.externalUrl,
  });
  await underSignal({ until: [signal], ms: 5000 }, async (end) => {
    const response = await fetch(target.webhookUrl, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${target.token}` },
      body: JSON.stringify(body),
      signal: end,
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${answer.slice(0, 200)}`);
  });
  one.sent = { status: changed, at: Date.now() };
}
