import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import type { RedisClient, RedisHands } from "./client.ts";
import { pairsOf } from "./info.ts";
import {
  intrusionSigns,
  isPlanted,
  isRansom,
  PLANTED_KEYS,
  RANSOM_KEYS,
  type Told,
  unknownModules,
} from "./intrusion-signs.ts";
import { refusedPart } from "./permission.ts";

const { read } = actionsOn<RedisClient>("redis");

/**
 * Where the server is told to save, what modules it has and whether keys of a few known names hold lines for cron, SSH keys or a
 * demand for ransom: signs that somebody broke in. Some fifty names are asked for, 1,000 bytes each; no value is shown or kept.
 */
export const lookForIntrusion = read({
  name: "redis.look-for-intrusion",
  title: "Look for signs that somebody broke in",
  input: z.object({}),
  output: z.object({
    signs: z.array(z.string()),
    /** That are none of the published ones: private, or an intruder's. At most 30. */
    unknownModules: z.array(z.object({ name: z.string(), path: z.string() })).default([]),
    notSeen,
  }),
  run: (client, _input, context) =>
    client.use(context, async (redis) => {
      const { told, missing } = await whatItIsTold(redis);
      return { signs: intrusionSigns(told), unknownModules: unknownModules(told), notSeen: missing };
    }),
});

const KEYS = [...PLANTED_KEYS, ...RANSOM_KEYS];

export async function whatItIsTold(redis: RedisHands): Promise<{ told: Told; missing: NotSeen[] }> {
  const [config, modules, ...values] = await redis.all([
    ["CONFIG", "GET", "d*"],
    ["MODULE", "LIST"],
    ...KEYS.map((key): [string, string, number, number] => ["GETRANGE", key, 0, 1_000]),
  ]);
  const holding = (is: (value: string) => boolean) =>
    KEYS.filter((_, at) => typeof values[at] === "string" && is(String(values[at])));
  const told: Told = {
    ...(config instanceof Error ? {} : savesTo(pairsOf(config))),
    modules: modulesOf(modules),
    planted: holding(isPlanted),
    ransom: holding(isRansom),
  };
  // Who may not ask is mostly on a managed service, where nobody can set it either; it is said all the same.
  const missing = refusedPart("where the server saves to (dir, dbfilename)", config, "+config|get");
  return { told, missing };
}

/** Where the server is told to save; empty where it does not say. */
export const savesTo = (pairs: ReadonlyMap<string, string>): Pick<Told, "dir" | "dbfilename"> => ({
  dir: pairs.get("dir")?.slice(0, 200),
  dbfilename: pairs.get("dbfilename")?.slice(0, 100),
});

const modulesOf = (reply: unknown): { name: string; path: string }[] =>
  (Array.isArray(reply) ? reply : []).slice(0, 30).map((one) => {
    const pairs = pairsOf(one);
    return { name: (pairs.get("name") ?? "").slice(0, 60), path: (pairs.get("path") ?? "").slice(0, 200) };
  });
