import { facts } from "../../core/words/evidence.ts";
import type { Failure } from "../../core/words/kind.ts";
import type { StepError } from "../../core/words/outcome.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";

const KNOWN: Readonly<Record<string, readonly [id: string, Failure]>> = {
  "not-allowed": [
    "console-not-allowed",
    {
      title: "The bot's user may not use the console",
      because:
        "PgBouncer knows the user, but it stands neither in stats_users nor in admin_users. Clients are served all the same.",
      advice:
        "In pgbouncer.ini: stats_users = <user> (it can look, nothing else); then RELOAD on the console.",
    },
  ],
  full: [
    "bouncer-full",
    {
      title: "PgBouncer takes no more clients",
      because:
        "max_client_conn is reached, and not even its console lets anybody in: applications are turned away just the same.",
      advice:
        "See who holds the connections (SHOW CLIENTS by address), and end a client that leaks them; raise max_client_conn (and the limit of open files: one for each client and each server connection), then RELOAD.",
    },
  ],
  ending: [
    "bouncer-ending",
    {
      title: "PgBouncer is shutting down",
      because: "It was told to end and takes no new clients; those inside may still be served.",
      advice: "See who stopped it (systemctl status pgbouncer, its log) and whether another one takes over.",
    },
  ],
  "no-console": [
    "no-console",
    {
      title: "There is no console behind this address",
      because:
        "What answers knows no database `pgbouncer`: it is Postgres itself, or a pooler whose console has another name.",
      advice:
        "Compare host and port in diagbot.yaml with listen_addr and listen_port of pgbouncer.ini. Postgres itself is `kind: postgres`.",
    },
  ],
  "no-show": [
    "no-console",
    {
      title: "What answers is no PgBouncer of a version that is known",
      because: "It refuses a SHOW that every PgBouncer since 1.8 answers.",
      advice: "See what listens there (SHOW VERSION), and whether it is another pooler.",
    },
  ],
  password: [
    "console-password",
    {
      title: "The console does not accept the bot's password",
      because:
        "PgBouncer checks it against auth_file (the console's users are not asked of the server). Whether clients are served says nothing about it, and the other way round.",
      advice: "Compare the user's line in auth_file with the secret behind the connection; then RELOAD.",
    },
  ],
};

/** What the console's own refusals mean; undefined: the network says it better. */
export const failureOf = ({ detail = "" }: StepError): Failure | undefined => KNOWN[detail]?.[1];

/** The console cannot be asked: the same finding in every runbook. */
export const pgbouncerTrouble: TroubleOf = (seen) =>
  Object.values(seen)
    .flatMap((one) => (one.ok ? [] : [one.error]))
    .slice(0, 1)
    .map((error) => {
      const { word, because, next } = causeOf(error);
      const [id, said] = KNOWN[error.detail ?? ""] ?? [
        "pgbouncer",
        {
          title: `PgBouncer cannot be asked: ${word}`,
          because: `${error.message}. ${because}`,
          advice: next,
        },
      ];
      const isDown = error.code !== "target_auth" && id !== "no-console";
      return {
        id,
        severity: isDown ? ("critical" as const) : ("warning" as const),
        title: said.title,
        because: said.because,
        evidence: [facts({ code: error.code, detail: error.detail ?? "–", message: error.message })],
        remedy: {
          key: "repairPgbouncer",
          title: "Get PgBouncer to answer",
          risk: isDown ? ("high" as const) : ("low" as const),
          advice: said.advice,
        },
      };
    });
