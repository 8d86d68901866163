import { z } from "zod";
import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsOn, type OutputOf } from "../../core/words/action.ts";
import { sayPercent } from "../../core/words/format.ts";
import type { HealthLimits, HealthWord } from "../../core/words/health.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { askHello, ROLES, roleOf } from "./actions/hello.ts";
import type { MongoClient } from "./client.ts";
import { orUnseen, told } from "./unseen.ts";
import { known, numberAt, textAt } from "./values.ts";

/** Whether it answers, what it is in its set, whether the set has a primary, and how many connections are left. */
export const health = actionsOn<MongoClient>("mongodb").read({
  name: "mongodb.health",
  title: "Ask whether MongoDB answers and takes writes",
  input: z.object({}),
  output: z.object({
    ms: z.number(),
    version: z.string(),
    role: z.enum(ROLES),
    /** The set's primary, as the server that answers knows it; null: it knows of none. */
    primary: z.string().nullable(),
    current: known,
    available: known,
    notSeen,
  }),
  run: async (client, _input, context) => {
    const unseen: NotSeen[] = [];
    // The first command may have to connect.
    const hello = await askHello(client, context);
    const begun = performance.now();
    await client.look("admin", { ping: 1 }, context);
    const ms = performance.now() - begun;
    const status = await orUnseen("its connections", unseen, () =>
      client.look(
        "admin",
        { serverStatus: 1, locks: 0, metrics: 0, tcmalloc: 0, wiredTiger: 0, opLatencies: 0, repl: 0 },
        context,
      ),
    );
    return {
      ms,
      version: textAt(status, "version") ?? "",
      role: roleOf(hello),
      primary: textAt(hello, "primary"),
      current: numberAt(status, "connections", "current"),
      available: numberAt(status, "connections", "available"),
      ...told(unseen),
    };
  },
});

/** Its row in the health matrix. */
export function judgeMongo(
  { ms, version, role, primary, current, available }: OutputOf<typeof health>,
  limits: HealthLimits,
): HealthWord {
  if (role === "other")
    return {
      word: "neither primary nor secondary",
      because: "This member of the set is starting, recovering or rolling back: it serves nobody meanwhile.",
      severity: "critical",
      next: "Run mongo-replication: it says what state the members are in.",
    };
  if (role === "secondary" && primary === null)
    return {
      word: "no primary",
      because: "It is a secondary, and knows of no primary: nothing can be written.",
      severity: "critical",
      next: "Run mongo-replication: it says which members are missing.",
    };
  if (current !== null && available !== null && available < current * 0.02 && available < 50)
    return {
      word: `${current} connections, ${available} left`,
      because: "At the limit new clients are turned away: their connection is closed as soon as it is made.",
      severity: "critical",
      next: "Run mongo-connections: it says who holds them.",
    };
  const used =
    current === null || available === null
      ? ""
      : `, ${sayPercent(current / (current + available))} of its connections`;
  const time = judgeTime(ms, limits);
  return typeof time === "string"
    ? `${[version, role].filter((word) => word !== "").join(", ")}, ${time}${used}`
    : time;
}
