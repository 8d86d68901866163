import { z } from "zod";
import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { url } from "../settings.ts";
import * as postgres from "./actions.ts";
import { checkPostgres } from "./check.ts";
import { openPostgres, type PostgresClient } from "./client.ts";
import { failureOf } from "./failure.ts";
import { postgresTrouble } from "./trouble.ts";

/** Postgres: looks in READ ONLY transactions, signals sessions by (pid, start) only. */
export const postgresConnector: Connector<PostgresClient, { readonly url: string }> = {
  actions: actionsIn(postgres),
  open: ({ settings }) => openPostgres(settings.url),
  check: checkPostgres,
  close: (client) => client.close(),
  trouble: postgresTrouble,
};

/** Parameters that make our client of Postgres insist on TLS; unlike psql, it does so for `prefer`, too. */
const TLS: readonly (readonly [string, RegExp])[] = [
  ["sslmode", /^(?!disable$)./],
  ["ssl", /^(?:true|1)$/],
  ["sslrootcert", /./],
  ["sslcert", /./],
  ["sslnegotiation", /^direct$/],
];

export const kind = connectionKind({
  name: "postgres",
  settings: z.strictObject({ url }),
  schemes: { "postgres:": { port: 5432 }, "postgresql:": { port: 5432 } },
  about: ({ url: given }) => {
    const database = URL.canParse(given) ? new URL(given).pathname.slice(1) : "";
    return database === "" ? {} : { database };
  },
  encrypts: ({ searchParams }) => TLS.some(([name, value]) => value.test(searchParams.get(name) ?? "")),
  health: [asks(postgres.checkConnection(), ({ pingMedianMs }, limits) => judgeTime(pingMedianMs, limits))],
  failure: failureOf,
  connector: postgresConnector,
});
