import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as mongodb from "./actions/index.ts";
import { checkMongo } from "./check.ts";
import { hostsOf, type MongoClient, openMongo } from "./client.ts";
import { judgeMongo } from "./health.ts";
import { MongoSettings, passwordsIn } from "./settings.ts";
import { failureOf, mongoTrouble } from "./trouble.ts";

const connector: Connector<MongoClient, MongoSettings> = {
  actions: actionsIn(mongodb),
  open: ({ settings }) => openMongo(settings),
  check: checkMongo,
  close: (client) => client.close(),
  trouble: mongoTrouble,
};

/** MongoDB: one server, a replica set or a mongos. */
export const kind = connectionKind({
  name: "mongodb",
  settings: MongoSettings,
  schemes: { "mongodb:": { port: 27_017 }, "mongodb+srv:": null },
  severalHosts: true,
  encrypts: ({ searchParams }) => ["tls", "ssl"].some((name) => searchParams.get(name) === "true"),
  secrets: ({ url }) => {
    const passwords = passwordsIn(url);
    return passwords.length === 0 ? [] : [url, ...passwords];
  },
  about: ({ url, indexes }) => ({
    hosts: hostsOf(url).split(",").slice(0, 20),
    ...(indexes === undefined ? {} : { indexable: indexes.collections }),
  }),
  health: [asks(mongodb.health(), judgeMongo)],
  failure: failureOf,
  connector,
});
