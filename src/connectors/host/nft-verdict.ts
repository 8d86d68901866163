import { z } from "zod";
import { clip } from "../../core/words/format.ts";
import { type Chain, fits, type Packet, type Ruleset } from "./nft-ruleset.ts";

type Rule = Ruleset["rules"][number];

/** What becomes of a new connection, by the rules that could be read. */
export interface Verdict {
  readonly is: "accept" | "drop" | "reject";
  /** A rule that cannot be read with certainty comes before: it may be otherwise. */
  readonly isCertain: boolean;
  /** The rule or policy that decides: table, chain, and what it says. */
  readonly by: string;
  /** Packets it has counted; null: it does not count. */
  readonly packets: number | null;
}

/** What a chain came to; `decided` undefined: the caller's next rule goes on. */
interface Followed {
  readonly decided?: Verdict;
  readonly isCertain: boolean;
  readonly at?: DecidedAt;
}

/** The rule that decides. */
export interface DecidedAt {
  readonly chain: Chain;
  readonly handle: number;
  /** It, or a rule that leads to it, was written for this port or for whom it comes from: no rule for all the rest. */
  readonly isMeant: boolean;
}

const DEPTH = 20;

/** Follows a new connection through the chains it passes on its way to a program of this machine. Pure. */
export const verdictOf = (ruleset: Ruleset, packet: Packet): Verdict => decisionOf(ruleset, packet).verdict;

/** A verdict, the chain of the kernel's hook in which it falls (absent: in none), and the rule (absent: the policy of that chain). */
export interface Decision {
  readonly verdict: Verdict;
  readonly base?: Chain;
  readonly at?: DecidedAt;
}

/** As `verdictOf`, with the place where it is decided. Pure. */
export function decisionOf(ruleset: Ruleset, packet: Packet): Decision {
  const families = packet.family === "ip" ? ["ip", "inet"] : ["ip6", "inet"];
  // What a network card drops before (ingress, of netdev or inet) is not followed.
  const atTheCard = ruleset.chains.filter(({ hook }) => hook === "ingress");
  const bases = ruleset.chains
    .filter(({ hook, family }) => (hook === "prerouting" || hook === "input") && families.includes(family))
    .sort((a, b) => order(a) - order(b));
  let isCertain = atTheCard.every((chain) => rulesOf(ruleset, chain).length === 0);
  let accepted: Verdict = { is: "accept", isCertain, by: "no rule keeps it out", packets: null };
  let within: Chain | undefined;
  for (const base of bases) {
    const { decided, isCertain: isSure, at } = follow(ruleset, base, packet, 0);
    isCertain &&= isSure;
    if (decided !== undefined && decided.is !== "accept")
      return { verdict: { ...decided, isCertain }, base, ...(at === undefined ? {} : { at }) };
    if (decided === undefined && base.policy === "drop")
      return {
        verdict: { is: "drop", isCertain, by: `${place(base)}: policy drop`, packets: null },
        base,
      };
    // An accept ends its own chain only: the next one may still drop it.
    if (decided !== undefined && base.hook === "input") [accepted, within] = [decided, base];
  }
  return { verdict: { ...accepted, isCertain }, ...(within === undefined ? {} : { base: within }) };
}

/** Whether a rule for this port sends the connection on to somewhere else (a published port of a container, a redirect). Pure. */
export const isSentOn = (ruleset: Ruleset, packet: Packet): boolean =>
  ruleset.rules.some(
    (rule) =>
      rule.expr.some((expr) => DIVERTS.some((word) => word in expr)) &&
      JSON.stringify(rule.expr).includes('"dport"') &&
      rule.expr.every((expr) => fits(expr, packet, (name) => setOf(ruleset, rule, name)) !== "no"),
  );

/** What the chain for published ports makes of a new connection: Docker's own chains come after it, and never keep anybody out. */
export interface Forwarded {
  /** Rules that do more than to go back or to count. */
  readonly rules: number;
  /** What it comes to; null: nothing keeps it out as far as the rules can be read. */
  readonly is: Verdict["is"] | null;
  readonly isCertain: boolean;
}

/** Follows a new connection to a published port through DOCKER-USER; undefined: there is no such chain. Pure. */
export function dockerUserOf(ruleset: Ruleset, packet: Omit<Packet, "port">): Forwarded | undefined {
  const chain = ruleset.chains.find(
    ({ name, family, hook }) => name === "DOCKER-USER" && family === packet.family && hook === undefined,
  );
  if (chain === undefined) return undefined;
  const own = rulesOf(ruleset, chain).filter(
    ({ expr }) => !expr.some((one) => "return" in one) && expr.some((one) => !("counter" in one)),
  );
  // By then the port is that of the container, which is not known here.
  const { decided, isCertain } = follow(ruleset, chain, { ...packet, port: null }, 0);
  return { rules: own.length, is: decided?.is ?? null, isCertain };
}

const order = ({ hook, prio = 0 }: Chain): number => (hook === "prerouting" ? -1e6 : 0) + prio;
const place = ({ family, table, name }: Chain): string => clip(`${family} ${table} ${name}`, 120);

function follow(ruleset: Ruleset, chain: Chain, packet: Packet, depth: number): Followed {
  if (depth > DEPTH) return { isCertain: false };
  const set = (name: string) => setOf(ruleset, chain, name);
  let isCertain = true;
  for (const rule of rulesOf(ruleset, chain)) {
    const all = rule.expr.map((expr) => fits(expr, packet, set));
    if (all.includes("no")) continue;
    const what = effectOf(ruleset, rule, chain, packet, depth);
    if (what === undefined) continue;
    if (all.includes("maybe")) {
      isCertain = false;
      continue;
    }
    isCertain &&= what.isCertain;
    if (what.isReturn === true) break;
    if (what.decided === undefined) continue;
    const isMeant = what.at?.isMeant === true || /"[sd](addr|port)"/.test(JSON.stringify(rule.expr));
    const at = { chain, handle: rule.handle, ...what.at, isMeant };
    return { decided: what.decided, isCertain, at };
  }
  return { isCertain };
}

const rulesOf = ({ rules, sets }: Ruleset, { family, table, name }: Chain): Rule[] =>
  rules
    .filter((rule) => rule.family === family && rule.table === table && rule.chain === name)
    .flatMap((rule) => spreadOut(rule, (map) => setOf({ sets }, rule, map)));

/** A verdict map (`tcp dport vmap { 22 : accept, 80 : drop }`) as the rules it stands for, one for each key. */
function spreadOut(rule: Rule, elements: (map: string) => readonly unknown[]): Rule[] {
  const at = rule.expr.findIndex((expr) => "vmap" in expr);
  const vmap = Vmap.safeParse(rule.expr[at]?.vmap).data;
  if (vmap === undefined) return [rule];
  const pairs = typeof vmap.data === "string" ? elements(vmap.data.slice(1)) : vmap.data.set;
  return pairs.flatMap((pair) => {
    const [right, verdict] = Pair.safeParse(pair).data ?? [];
    if (verdict === undefined) return [];
    const match = { match: { op: "==", left: vmap.key, right } };
    return [{ ...rule, expr: [...rule.expr.slice(0, at), match, verdict] }];
  });
}

const Vmap = z.object({
  key: z.unknown(),
  data: z.union([z.string(), z.object({ set: z.array(z.unknown()) })]),
});
const Pair = z.tuple([z.unknown(), z.record(z.string(), z.unknown())]);

const setOf = (
  { sets }: Pick<Ruleset, "sets">,
  { family, table }: Pick<Rule, "family" | "table">,
  name: string,
) => sets.find((one) => one.name === name && one.table === table && one.family === family)?.elem ?? [];

/** What a rule does once it fits; undefined: it only counts, marks or logs. */
function effectOf(
  ruleset: Ruleset,
  rule: Rule,
  chain: Chain,
  packet: Packet,
  depth: number,
): (Followed & { isReturn?: boolean }) | undefined {
  for (const expr of rule.expr) {
    if ("return" in expr) return { isReturn: true, isCertain: true };
    // It goes on to somewhere else (Docker's published ports), or a program decides.
    if (DIVERTS.some((word) => word in expr)) return { isCertain: false };
    const is = wordOf(expr);
    if (is !== undefined) {
      const by = `${place(chain)}: ${sayRule(rule)}`;
      return { decided: { is, isCertain: true, by, packets: packetsOf(rule) }, isCertain: true };
    }
    const target = targetOf(expr);
    const next = ruleset.chains.find(
      (one) => one.name === target && one.table === chain.table && one.family === chain.family,
    );
    if (next === undefined) continue;
    const came = follow(ruleset, next, packet, depth + 1);
    // `goto` does not come back to this chain: where the other decides nothing, the one that called this goes on.
    return "goto" in expr && came.decided === undefined ? { ...came, isReturn: true } : came;
  }
  return undefined;
}

const DIVERTS = ["dnat", "redirect", "tproxy", "queue", "fwd"];

function wordOf(expr: Record<string, unknown>): Verdict["is"] | undefined {
  if ("reject" in expr || isXtReject(expr)) return "reject";
  return "accept" in expr ? "accept" : "drop" in expr ? "drop" : undefined;
}

const isXtReject = (expr: Record<string, unknown>): boolean =>
  JSON.stringify(expr.xt ?? "").includes('"REJECT"');

function targetOf(expr: Record<string, unknown>): string | undefined {
  const to = expr.jump ?? expr.goto;
  return typeof to === "object" && to !== null && "target" in to && typeof to.target === "string"
    ? to.target
    : undefined;
}

function packetsOf({ expr }: Rule): number | null {
  const counter = expr.find((one) => "counter" in one)?.counter;
  return typeof counter === "object" && counter !== null && "packets" in counter
    ? Number(counter.packets)
    : null;
}

/** `tcp dport 25, drop (handle 7)`: as much of a rule as people need to find it. */
export function sayRule({ expr, handle }: Rule): string {
  const words = expr.flatMap((one) => {
    if ("match" in one) return [sayMatch(one.match)];
    const verdict = ["accept", "drop", "reject", "return"].find((word) => word in one);
    const target = targetOf(one);
    return verdict !== undefined ? [verdict] : target !== undefined ? [`jump ${target}`] : [];
  });
  return `${clip(words.join(", ") || "a rule", 200)} (handle ${handle})`;
}

function sayMatch(match: unknown): string {
  const text = JSON.stringify(match);
  const protocol = /"protocol":"(\w+)"/.exec(text)?.[1] ?? /"key":"(\w+)"/.exec(text)?.[1] ?? "";
  const field = /"field":"(\w+)"/.exec(text)?.[1] ?? "";
  const right = /"right":(.*)\}$/.exec(text)?.[1] ?? "";
  return clip(`${protocol} ${field} ${right.replace(/["{}[\]]/g, " ").trim()}`.replace(/ +/g, " "), 100);
}
