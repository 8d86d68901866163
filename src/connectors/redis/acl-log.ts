import { z } from "zod";
import { pairsOf } from "./info.ts";
import { maskKey } from "./keys.ts";

/** What the ACL refused to one user, or a login that failed. */
export const Denied = z.object({
  user: z.string(),
  /** `command`: it may not send it; `key`, `channel`: not on this one; `auth`: wrong password or user. */
  reason: z.enum(["command", "key", "channel", "auth"]),
  /** The command, or the key or channel, masked; empty for a login. */
  what: z.string(),
  times: z.int(),
  secondsAgo: z.number(),
  /** Without the port. */
  address: z.string(),
});
export type Denied = z.infer<typeof Denied>;

/** Older ones are no news. */
const LATELY = 600;
const MOST = 20;

/**
 * ACL LOG: a flat list of names and values per entry. Users, commands and addresses are foreign text. Most often refused first.
 * Our own questions are left out: by the name of the connection, and, as a user may not be allowed to give it one, by the user,
 * where that is not everybody's.
 */
export function deniedIn(reply: unknown, self = ""): Denied[] {
  const entries = (Array.isArray(reply) ? reply : []).map(pairsOf);
  const isOwn = (entry: ReturnType<typeof pairsOf>) =>
    /(^| )name=diagbot( |$)/.test(entry.get("client-info") ?? "") ||
    (self !== "" && self !== "default" && entry.get("username") === self && entry.get("reason") !== "auth");
  const others = entries.filter((entry) => !isOwn(entry));
  return others
    .flatMap((entry) => {
      const said = Denied.safeParse({
        user: (entry.get("username") ?? "").slice(0, 100),
        reason: entry.get("reason"),
        what:
          entry.get("reason") === "auth" ? "" : whatOf(entry.get("reason") ?? "", entry.get("object") ?? ""),
        times: Number(entry.get("count")),
        secondsAgo: Number(entry.get("age-seconds")),
        address: (/(?:^| )addr=(\S{1,100})/.exec(entry.get("client-info") ?? "")?.[1] ?? "").replace(
          /:\d+$/,
          "",
        ),
      });
      return said.success && said.data.secondsAgo <= LATELY ? [said.data] : [];
    })
    .sort((a, b) => b.times - a.times)
    .slice(0, MOST);
}

const whatOf = (reason: string, object: string): string =>
  reason === "command" && /^[\w|.-]{1,60}$/.test(object) ? object.toLowerCase() : maskKey(object);
