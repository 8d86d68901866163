import { notificationOf } from "../../../local/alerting/payload.ts";
import { onPath } from "../../helpers/docker.ts";
import { startPair } from "./pair.ts";
import type { Relay } from "./relay.ts";

/** An alert of the lab: one situation of one scenario. */
export interface LabAlert {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** Raises alerts, and ends them. */
export interface Alerting {
  /** How notifications come about, for people. */
  readonly says: string;
  raise(alert: LabAlert): Promise<void>;
  end(alert: LabAlert): Promise<void>;
  stop(): Promise<void>;
}

/** Debian's names of the programs. */
export const ALERTING_PACKAGES = ["prometheus", "prometheus-alertmanager"];

/** Label that tells the lab's alerts apart. */
export const SITUATION = "situation";

const alertmanager = (): string | undefined => onPath("alertmanager") ?? onPath("prometheus-alertmanager");

/** Why notifications are not made by real programs here; undefined: they are. */
export const whyNoAlerting = (): string | undefined =>
  onPath("prometheus") === undefined || alertmanager() === undefined
    ? "prometheus and alertmanager are not on the PATH (Debian: apt-get install prometheus prometheus-alertmanager)"
    : undefined;

/** A real Prometheus and a real Alertmanager where the machine has them; otherwise bodies in their form are posted. */
export async function startAlerting(alerts: readonly LabAlert[], relay: Relay): Promise<Alerting> {
  const [prometheus, manager] = [onPath("prometheus"), alertmanager()];
  if (prometheus !== undefined && manager !== undefined)
    return startPair({ prometheus, alertmanager: manager }, alerts, relay);
  return {
    says: `notifications are posted in Alertmanager's form: ${whyNoAlerting()}`,
    raise: (alert) => post(relay, alert, false),
    end: (alert) => post(relay, alert, true),
    stop: async () => undefined,
  };
}

const begun = new Map<LabAlert, Date>();

async function post(relay: Relay, alert: LabAlert, isOver: boolean): Promise<void> {
  const startsAt = begun.get(alert) ?? new Date();
  begun.set(alert, startsAt);
  const live = {
    labels: { alertname: alert.name, ...alert.labels },
    annotations: { summary: alert.summary },
    startsAt,
    ...(isOver ? { endsAt: new Date() } : {}),
  };
  const body = notificationOf([live], ["alertname", SITUATION], {
    receiver: "diagbot",
    url: "http://lab.invalid",
  });
  const answer = await fetch(relay.url, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`diagbot took no notification: ${answer.status} ${await answer.text()}`);
}
