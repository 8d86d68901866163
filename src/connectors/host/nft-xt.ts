import { linesOf } from "../machine/script.ts";
import type { Ruleset } from "./nft-ruleset.ts";

/**
 * Lines of `nft -a list ruleset` for rules of iptables that ask where a packet goes to or of what state it is, each after its table:
 * nft's JSON says only that there is such a match (`xt`), not what it asks for; the text does.
 */
export const XT_TEXTS = `nft_ -a list ruleset 2>/dev/null | awk '$1 == "table" { t = $2 " " $3 } /(fib daddr type|ct state) .*# handle / { print t " " $0 }'`;

const LINE = /^(\S+) (\S+)\s.*?(?:fib daddr type (\w+)|ct state ([\w,]+))(?= ).*# handle (\d+)$/;

/** Puts what such matches ask for in their place; what is not told stays as it is. Pure. */
export function withXtTexts(ruleset: Ruleset, texts: string): Ruleset {
  const known = new Map<string, Record<string, unknown>>();
  for (const line of linesOf(texts)) {
    const [, family, table, type, states, handle] = LINE.exec(line) ?? [];
    const isTwice = (line.match(/fib daddr type|ct state/g) ?? []).length > 1;
    if (handle === undefined || isTwice) continue;
    const [left, right] =
      type === undefined
        ? [{ ct: { key: "state" } }, states?.split(",")]
        : [{ fib: { result: "type", flags: ["daddr"] } }, type];
    known.set(`${family} ${table} ${handle}`, { match: { op: "==", left, right } });
  }
  return {
    ...ruleset,
    rules: ruleset.rules.map((rule) => {
      const match = known.get(`${rule.family} ${rule.table} ${rule.handle}`);
      const places = rule.expr.filter(isTold);
      if (match === undefined || places.length !== 1) return rule;
      return { ...rule, expr: rule.expr.map((expr) => (isTold(expr) ? match : expr)) };
    }),
  };
}

const isTold = ({ xt }: Record<string, unknown>): boolean =>
  typeof xt === "object" &&
  xt !== null &&
  "name" in xt &&
  (xt.name === "addrtype" || xt.name === "conntrack");
