import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { Denied, deniedIn } from "./acl-log.ts";
import type { RedisClient } from "./client.ts";
import { type Fields, numberIn, pairsOf } from "./info.ts";
import { refusedPart } from "./permission.ts";

const { read } = actionsOn<RedisClient>("redis");

const Group = z.object({
  /** What its connections are there for. */
  kind: z.enum(["normal", "subscriber", "replica", "monitor"]),
  /** As it calls itself; empty: it does not. */
  name: z.string(),
  /** Without the port. */
  address: z.string(),
  connections: z.int(),
  bytes: z.number(),
  /** Answers it has not read yet, of `bytes`. */
  unread: z.number(),
  /** The last command of the connection that takes most. */
  command: z.string(),
  idleSeconds: z.number().nullable(),
});
export type ClientGroup = z.infer<typeof Group>;

/**
 * Who is connected, grouped by purpose, name and address: how many, and what their buffers take. And the limits at which Redis
 * cuts a client off. Names are foreign text; no argument of a command is in the list.
 */
export const listClients = read({
  name: "redis.list-clients",
  title: "Who is connected and what their buffers take",
  input: z.object({}),
  output: z.object({
    /** Most memory first, at most 15. */
    groups: z.array(Group),
    byMemory: z.record(z.string(), z.number()),
    /** `normal 0 0 0 slave 268435456 67108864 60 pubsub …`; empty: it does not say. */
    limits: z.string(),
    /** Seconds after which idle clients are closed; 0: never; null: it does not say. */
    timeout: z.number().nullable(),
    /** Whom the ACL or the password turned away, of the last 10 min, our own questions left out; null: it does not say (6.0, +acl|log). */
    denied: z.array(Denied).nullable().default(null),
    notSeen,
  }),
  run: (client, _input, context) =>
    client.use(context, async (redis) => {
      const [list, limits, timeout, log, self] = await redis.all([
        ["CLIENT", "LIST"],
        ["CONFIG", "GET", "client-output-buffer-limit"],
        ["CONFIG", "GET", "timeout"],
        ["ACL", "LOG", 100],
        ["ACL", "WHOAMI"],
      ]);
      const missing = refusedPart("who is connected", list, "+client|list");
      const groups = list instanceof Error ? [] : groupsIn(String(list));
      return {
        groups: groups.slice(0, 15),
        byMemory: sumBy(groups),
        limits: (pairsOf(limits).get("client-output-buffer-limit") ?? "").slice(0, 300),
        timeout: numberIn(Object.fromEntries(pairsOf(timeout)), "timeout"),
        denied: log instanceof Error ? null : deniedIn(log, typeof self === "string" ? self : ""),
        notSeen: missing,
      };
    }),
});

/** CLIENT LIST, a line per connection: `id=3 addr=127.0.0.1:52555 name= age=8 idle=0 flags=N … omem=0 tot-mem=22298 cmd=get`. */
export function groupsIn(list: string): ClientGroup[] {
  const groups = new Map<string, ClientGroup & { most: number }>();
  for (const line of list.split("\n")) {
    const fields = fieldsOf(line);
    if (fields.id === undefined) continue;
    const { kind, name, address, bytes, unread, command, idleSeconds } = clientOf(fields);
    const key = JSON.stringify([kind, name, address]);
    const group = groups.get(key) ?? {
      kind,
      name,
      address,
      connections: 0,
      bytes: 0,
      unread: 0,
      command,
      idleSeconds,
      most: -1,
    };
    groups.set(key, {
      ...group,
      connections: group.connections + 1,
      bytes: group.bytes + bytes,
      unread: group.unread + unread,
      ...(bytes > group.most ? { command, idleSeconds, most: bytes } : {}),
    });
  }
  return [...groups.values()].map(({ most: _, ...group }) => group).sort((a, b) => b.bytes - a.bytes);
}

const fieldsOf = (line: string): Fields =>
  Object.fromEntries(
    line
      .trim()
      .split(" ")
      .flatMap((part) => {
        const at = part.indexOf("=");
        return at > 0 ? [[part.slice(0, at), part.slice(at + 1)] as const] : [];
      }),
  );

function clientOf(fields: Fields): Omit<ClientGroup, "connections"> {
  const flags = fields.flags ?? "";
  // `tot-mem` is of 6.2; before it the unread answers are all that is told.
  const unread = numberIn(fields, "omem") ?? 0;
  return {
    kind: flags.includes("S")
      ? "replica"
      : flags.includes("O")
        ? "monitor"
        : flags.includes("P")
          ? "subscriber"
          : "normal",
    name: (fields.name ?? "").slice(0, 60),
    address: (fields.addr ?? "").replace(/:\d+$/, "").slice(0, 60),
    bytes: numberIn(fields, "tot-mem") ?? unread,
    unread,
    command: (fields.cmd ?? "").slice(0, 40),
    idleSeconds: numberIn(fields, "idle"),
  };
}

function sumBy(groups: readonly ClientGroup[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { kind, bytes } of groups) sums[kind] = (sums[kind] ?? 0) + bytes;
  return sums;
}
