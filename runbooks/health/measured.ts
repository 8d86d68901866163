import { type Finding, type RunContext, sayDuration } from "../../src/sdk/index.ts";

/** What measures a kind of server for Prometheus, and how it says that it did not get in. */
export interface Measuring {
  /** `Postgres`. */
  readonly server: string;
  /** `postgres_exporter`. */
  readonly exporter: string;
  /** Its metric that is 0 where it cannot ask the server. */
  readonly up: string;
  /** What keeps it out while others get in. */
  readonly usual: string;
}

export const POSTGRES_MEASURING: Measuring = {
  server: "Postgres",
  exporter: "postgres_exporter",
  up: "pg_up",
  usual:
    "its role's password (DATA_SOURCE_NAME), no line for its address in pg_hba.conf, sslmode, the CONNECTION LIMIT of its role",
};
export const REDIS_MEASURING: Measuring = {
  server: "Redis",
  exporter: "redis_exporter",
  up: "redis_up",
  usual:
    "a password or ACL user it does not have (NOAUTH, WRONGPASS, NOPERM), redis:// in place of rediss://",
};
export const MYSQL_MEASURING: Measuring = {
  server: "MySQL",
  exporter: "mysqld_exporter",
  up: "mysql_up",
  usual:
    "its account's password or host part, a login plugin its client does not know, missing PROCESS and REPLICATION CLIENT",
};
export const MONGODB_MEASURING: Measuring = {
  server: "MongoDB",
  exporter: "mongodb_exporter",
  up: "mongodb_up",
  usual: "its user's password or authSource, names of the set's members that it cannot resolve, TLS",
};

/** Alerts that say that a server is away, or that it could not be measured. */
const AWAY = /(?:down|unavailable|unreachable|exportererror|scrapeerror|connectionfailed|notup)$/;
/** Back for less than that, it may well have been away when the alert fired. */
const BACK_SECONDS = 3_600;

/**
 * A server that answers while an alert says it is away: a note, so that nobody takes "nothing wrong" for the end of it. What the alert
 * rests on is the exporter's own try. Undefined: the alert is about something else, or nobody sent one. Pure.
 */
export function measuredAway(
  { alert }: Pick<RunContext, "alert">,
  uptimeSeconds: number | null,
  { server, exporter, up, usual }: Measuring,
): Finding<"lookAtExporter"> | undefined {
  const name = (alert?.labels.alertname ?? "").toLowerCase().replace(/[^a-z0-9]/g, "");
  if (alert === undefined || !AWAY.test(name)) return undefined;
  const isBack = uptimeSeconds !== null && uptimeSeconds < BACK_SECONDS;
  const since =
    uptimeSeconds === null ? "" : ` It has run for ${sayDuration(Math.round(uptimeSeconds) * 1000)}.`;
  const { instance = "" } = alert.labels;
  return {
    id: "measured-away",
    severity: "info",
    title: isBack
      ? `${server} answers; it was started ${sayDuration(Math.round(uptimeSeconds) * 1000)} ago`
      : `${server} answers: the alert rests on a measurement that does not get through`,
    because: isBack
      ? `So it may have been away when the alert fired, and the alert end by itself. If it does not: the alert rests on what ${exporter}${at(instance)} can ask (${up}), which then does not get in.`
      : `${since.trim()} The alert rests on what ${exporter}${at(instance)} can ask (${up}): either it does not get in where diagbot does (${usual}), or it is itself away or not reached by Prometheus (up = 0), or the path between the two is cut.`.trim(),
    remedies: ["lookAtExporter"],
  };
}

const at = (instance: string): string => (instance === "" ? "" : ` at ${instance.slice(0, 100)}`);

/** How to tell where the measurement ends. */
export const adviseExporter = ({ server, up }: Measuring): string =>
  `Do not restart ${server}. To tell them apart: \`up\` of the target in Prometheus (0: the exporter is away or not reached; its /targets page has the error); 1 and its ${up} 0: the exporter's own log says what it is refused, with its user, address and TLS. Then log in from its machine as that user.`;
