import { z } from "zod";
import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { encrypts } from "../postgres-url.ts";
import { url } from "../settings.ts";
import * as postgres from "./actions.ts";
import { checkPostgres } from "./check.ts";
import { openPostgres, type PostgresClient } from "./client.ts";
import { failureOf } from "./failures/index.ts";
import { judgeState } from "./health.ts";
import { postgresTrouble } from "./trouble.ts";

/** Postgres: looks in READ ONLY transactions, signals sessions by (pid, start) only. */
export const postgresConnector: Connector<PostgresClient, { readonly url: string }> = {
  actions: actionsIn(postgres),
  open: ({ settings }) => openPostgres(settings.url),
  check: checkPostgres,
  close: (client) => client.close(),
  trouble: postgresTrouble,
};

export const kind = connectionKind({
  name: "postgres",
  settings: z.strictObject({ url }),
  schemes: { "postgres:": { port: 5432 }, "postgresql:": { port: 5432 } },
  about: ({ url: given }) => {
    const database = URL.canParse(given) ? new URL(given).pathname.slice(1) : "";
    return database === "" ? {} : { database };
  },
  encrypts,
  health: [
    asks(postgres.checkConnection(), ({ pingMedianMs }, limits) => judgeTime(pingMedianMs, limits)),
    asks(postgres.serverState(), judgeState, "state"),
  ],
  failure: failureOf,
  connector: postgresConnector,
});
