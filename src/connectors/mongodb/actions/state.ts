import type { Document } from "mongodb";
import { z } from "zod";
import { type ActionContext, actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { waitFor } from "../../../lib/wait.ts";
import type { MongoClient } from "../client.ts";
import { orUnseen, told } from "../unseen.ts";
import { known, numberAt, textAt } from "../values.ts";
import { askHello, ROLES, roleOf } from "./hello.ts";
import { Now, nowOf } from "./state-now.ts";
import { Since, sinceOf } from "./state-since.ts";

const STATUS = {
  serverStatus: 1,
  locks: 0,
  tcmalloc: 0,
  sharding: 0,
  shardingStatistics: 0,
  transportSecurity: 0,
};

/**
 * What one server does and has left, from two looks at `serverStatus` (counters since it began say nothing about now), with
 * its version and role. Needs clusterMonitor; a figure that its version or storage engine does not give is null.
 * mongodb.com/docs/manual/reference/command/serverStatus. ai-saas.mongo-pool-exhausted, ai-saas.mongo-connection-monitoring.
 */
export const state = actionsOn<MongoClient>("mongodb").read({
  name: "mongodb.state",
  title: "Connections, queues, cache and rates of a MongoDB server",
  timeoutSeconds: 25,
  input: z.object({ seconds: z.number().min(0.1).max(15).default(2) }),
  output: z.object({
    host: z.string(),
    version: z.string(),
    role: z.enum(ROLES),
    set: z.string().nullable(),
    /** featureCompatibilityVersion: behind the version after an upgrade that was not finished. */
    compatibility: z.string().nullable(),
    /** `net.maxIncomingConnections` as it was configured; null: not configured, or not seen. */
    configuredConnections: known,
    /** What it warned of when it started, e.g. few file handles. */
    warnings: z.array(z.string()).max(10),
    seconds: z.number(),
    now: Now,
    since: Since,
    notSeen,
  }),
  run: async (client, { seconds }, context) => {
    const hello = await askHello(client, context);
    const first = await client.look("admin", STATUS, context);
    const begun = performance.now();
    await waitFor(seconds * 1000, context.signal);
    const second = await client.look("admin", STATUS, context);
    const took = (performance.now() - begun) / 1000;
    const unseen: NotSeen[] = [];
    return {
      host: clip(textAt(second, "host") ?? "", 200),
      version: clip(textAt(second, "version") ?? "", 40),
      role: roleOf(hello),
      set: textAt(hello, "setName"),
      ...(await aboutServer(client, context, unseen)),
      seconds: took,
      now: nowOf(second),
      // Another server may have answered the second time.
      since: sinceOf(sameProcess(first, second) ? first : {}, second, took),
      ...told(unseen),
    };
  },
});

const sameProcess = (a: Document, b: Document): boolean =>
  textAt(a, "host") === textAt(b, "host") && numberAt(a, "pid") === numberAt(b, "pid");

async function aboutServer(client: MongoClient, context: ActionContext, unseen: NotSeen[]) {
  const parameter = await orUnseen("the feature compatibility version", unseen, () =>
    client.look("admin", { getParameter: 1, featureCompatibilityVersion: 1 }, context),
  );
  const options = await orUnseen("the limit of connections as configured", unseen, () =>
    client.look("admin", { getCmdLineOpts: 1 }, context),
  );
  const log = await orUnseen("warnings of the start", unseen, () =>
    client.look("admin", { getLog: "startupWarnings" }, context),
  );
  return {
    compatibility: textAt(parameter, "featureCompatibilityVersion", "version"),
    configuredConnections: numberAt(options, "parsed", "net", "maxIncomingConnections"),
    warnings: warningsIn(log),
  };
}

/** Messages of the log: JSON lines since 4.4. */
function warningsIn(log: Document | undefined): string[] {
  const lines: unknown[] = Array.isArray(log?.log) ? log.log : [];
  const said = lines.flatMap((line) => (typeof line === "string" ? [messageIn(line)] : []));
  return [...new Set(said)].slice(0, 10);
}

function messageIn(line: string): string {
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return clip(typeof msg === "string" ? msg : line, 200);
  } catch {
    return clip(line, 200);
  }
}
