import { z } from "zod";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { encrypts } from "../postgres-url.ts";
import { url } from "../settings.ts";
import * as pgbouncer from "./actions/index.ts";
import { checkPgbouncer } from "./check.ts";
import { openPgbouncer, type PgbouncerClient } from "./client.ts";
import { judgeState } from "./health.ts";
import { failureOf, pgbouncerTrouble } from "./trouble.ts";

/** The admin console of a PgBouncer; what it serves is `kind: postgres`. Looks only. */
export const pgbouncerConnector: Connector<PgbouncerClient, { readonly url: string }> = {
  actions: actionsIn(pgbouncer),
  open: ({ settings }) => openPgbouncer(settings.url),
  check: checkPgbouncer,
  close: async () => {},
  trouble: pgbouncerTrouble,
};

export const kind = connectionKind({
  name: "pgbouncer",
  settings: z.strictObject({ url }),
  schemes: { "postgres:": { port: 6432 }, "postgresql:": { port: 6432 } },
  encrypts,
  health: [asks(pgbouncer.serverState(), judgeState)],
  failure: failureOf,
  connector: pgbouncerConnector,
});
