import { DiagError } from "../../core/words/errors.ts";
import type { RedisHands } from "./client.ts";
import type { Fields } from "./info.ts";

/** More are not asked about. */
const MOST = 5;

/**
 * A Sentinel answers PING and INFO, but holds no data. The refusal names what it watches and whether enough Sentinels agree to
 * fail over (SENTINEL CKQUORUM, which changes nothing); undefined: it is none. A user may be refused it: then the quorum is unsaid.
 */
export async function sentinelAt(redis: RedisHands, info: Fields): Promise<DiagError | undefined> {
  if (info.redis_mode !== "sentinel") return undefined;
  const watched = Object.entries(info).flatMap(([name, value]) => (/^master\d+$/.test(name) ? [value] : []));
  const names = watched.slice(0, MOST).flatMap((value) => /(?:^|,)name=([^,]{1,100})/.exec(value)?.[1] ?? []);
  const replies = await redis.all(
    names.map((name): [string, string, string] => ["SENTINEL", "CKQUORUM", name]),
  );
  return refusalOf(
    watched.slice(0, MOST),
    names.map((name, at) => ({ name, said: wordsOf(replies[at]) })),
    info.sentinel_tilt === "1",
  );
}

const wordsOf = (reply: unknown): string =>
  (reply instanceof Error ? reply.message : String(reply ?? "")).slice(0, 200);

/** Pure. Exported for its test. */
export function refusalOf(
  watched: readonly string[],
  quorums: readonly { readonly name: string; readonly said: string }[],
  isTilted = false,
): DiagError {
  const lacking = quorums.filter(({ said }) => said.startsWith("NOQUORUM"));
  const told = quorums
    .filter(({ said }) => /^(OK|NOQUORUM) /.test(said))
    .map(({ name, said }) => `; ${name}: ${said}`);
  const isDown = watched.some((value) => /(?:^|,)status=o(bjectively_)?down/.test(value));
  const detail = isTilted
    ? "sentinel-tilt"
    : lacking.length > 0
      ? "sentinel-no-quorum"
      : isDown
        ? "sentinel-master-down"
        : "sentinel";
  const words = watched.join("; ").slice(0, 500);
  const text = `Redis: this is a Sentinel${isTilted ? " in TILT" : ""}; it watches ${words || "nothing"}${told.join("").slice(0, 400)}`;
  return new DiagError("target_refused", text, { detail });
}

export const isSentinel = (detail: string | undefined): boolean =>
  detail === "sentinel" || detail?.startsWith("sentinel-") === true;
