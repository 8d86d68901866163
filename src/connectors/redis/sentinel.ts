import { DiagError } from "../../core/words/errors.ts";
import type { Fields } from "./info.ts";

/** A Sentinel answers PING and INFO, but holds no data. The refusal names what it watches; undefined: it is none. */
export function sentinelIn(info: Fields): DiagError | undefined {
  if (info.redis_mode !== "sentinel") return undefined;
  const watched = Object.entries(info).flatMap(([name, value]) => (/^master\d+$/.test(name) ? [value] : []));
  const words = watched.slice(0, 5).join("; ").slice(0, 500);
  return new DiagError("target_refused", `Redis: this is a Sentinel; it watches ${words || "nothing"}`, {
    detail: "sentinel",
  });
}
