import type { NotSeen } from "../../../core/words/not-seen.ts";
import type { RedisHands } from "../client.ts";
import { refusedPart } from "../permission.ts";

/** Connections of workers, by what libraries call them or send. Null: who is connected was not to be seen. */
export interface Workers {
  /** Its blocking connection is called `<prefix>:<queue in base64>`, with `:w:<worker>` where the worker has a name. */
  ofBull(prefix: string, name: string): number | null;
  /** They wait with BRPOP; one that has its hands full only listens, with PSUBSCRIBE, for what is sent to all workers. */
  ofCelery(database: number): number | null;
  /** They wait in XREADGROUP; of which stream is not said. */
  ofStreams(database: number): number | null;
}

const ON_REPLICA: NotSeen = {
  what: "which workers are connected",
  why: "this is a replica, and workers are connected to its master",
  fix: "a connection to the master",
};

export async function workersIn(redis: RedisHands): Promise<{ workers: Workers; missing: NotSeen[] }> {
  const [list, info] = await redis.all([
    ["CLIENT", "LIST"],
    ["INFO", "replication"],
  ]);
  const isReplica = !(info instanceof Error) && /^role:slave/m.test(String(info));
  const missing = isReplica ? [ON_REPLICA] : refusedPart("which workers are connected", list, "+client|list");
  const lines = isReplica || list instanceof Error ? null : String(list).split("\n").map(fieldsOf);
  const counted = (is: (fields: ReadonlyMap<string, string>) => boolean): number | null =>
    lines === null ? null : lines.filter(is).length;
  const inDatabase = (fields: ReadonlyMap<string, string>, database: number) =>
    fields.get("db") === String(database);
  return {
    missing,
    workers: {
      ofBull: (prefix, name) => {
        const called = `${prefix}:${Buffer.from(name).toString("base64")}`;
        return counted((fields) => {
          const is = fields.get("name") ?? "";
          return is === called || is.startsWith(`${called}:w:`);
        });
      },
      ofCelery: (database) => {
        const waiting = counted((one) => inDatabase(one, database) && one.get("cmd") === "brpop");
        const listening = counted((one) => inDatabase(one, database) && Number(one.get("psub") ?? 0) > 0);
        return waiting === null || listening === null ? null : Math.max(waiting, listening);
      },
      ofStreams: (database) => counted((one) => inDatabase(one, database) && one.get("cmd") === "xreadgroup"),
    },
  };
}

const fieldsOf = (line: string): ReadonlyMap<string, string> =>
  new Map(
    line
      .slice(0, 2_000)
      .trim()
      .split(" ")
      .map((part) => {
        const at = part.indexOf("=");
        return [part.slice(0, Math.max(at, 0)), part.slice(at + 1)] as const;
      }),
  );
