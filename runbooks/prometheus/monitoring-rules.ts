import { clip, count, type Finding, type OutputOf, type prometheus, rows } from "../../src/sdk/index.ts";

type Rules = NonNullable<OutputOf<typeof prometheus.ownState>["rules"]>;
type Failing = Rules["failing"][number];

interface Why {
  readonly because: string;
  readonly next: string;
}

/** Why an expression has no value, by the texts of Prometheus' engine. Most specific first. */
const SIGNS: readonly (readonly [RegExp, Why])[] = [
  [
    /many-to-many|duplicate series|multiple matches for labels|must be unique/,
    {
      because:
        "Several series match where one is due: usually something is scraped twice (two jobs, an old replica, a second exporter), and the rule is as it was",
      next: "the error names the series: take the second source away, or name the labels that tell them apart (`max by (…)` on the side it names, or `on (…)`)",
    },
  ],
  [
    /labelset .{0,40}duplicat|same labelset/,
    {
      because: "Its results have the same labels twice, once the rule has set or dropped some",
      next: "keep a label that tells them apart in the expression, or take away the `labels:` of the rule that covers it",
    },
  ],
  [
    /too many samples|exceeded limit of|limit/,
    {
      because: "It reads or gives more than it may",
      next: "read less (a narrower selector, a recording rule before it), then think of the limit",
    },
  ],
  [
    /timed out|deadline|canceled/,
    {
      because: "It took longer than `--query.timeout`: it reads too much, or the server is overloaded",
      next: "read less, or compute it in steps by recording rules",
    },
  ],
  [
    /template/,
    {
      because: "The text of its annotations or labels cannot be made",
      next: "`promtool check rules` and `promtool test rules` show the template that fails",
    },
  ],
];
const ANY: Why = {
  because: "Its expression fails",
  next: "ask it in <prometheus>/graph: the error says at which part",
};

const whyOf = (error: string): Why => SIGNS.find(([sign]) => sign.test(error))?.[1] ?? ANY;

/** Rules that cannot be evaluated, and groups that do not come round in time. Pure. */
export const ruleFindings = (rules: Rules): Finding<"mendRules">[] =>
  [failing(rules), slow(rules)].filter((one) => one !== undefined);

function failing({
  failing: some,
  failingTotal,
  failingAlerts,
  total,
}: Rules): Finding<"mendRules"> | undefined {
  const [first] = some;
  if (first === undefined) return undefined;
  const others = failingTotal === 1 ? "" : ` and ${failingTotal - 1} more`;
  const effect =
    failingAlerts > 0
      ? `While that lasts, ${failingAlerts === 1 ? "this alert cannot fire" : `none of these ${failingAlerts} alerts can fire`}: silence is no good news.`
      : "What is recorded by it stands still, and rules and dashboards that use it have no data.";
  return {
    id: "rules-failing",
    severity: failingAlerts > 0 ? "critical" : "warning",
    title: `${failingTotal} of ${count(total, "rule")} cannot be evaluated: ${first.name}${others}`,
    because: `${whyOf(first.error).because} (${first.error}). ${effect}`,
    evidence: [
      rows("", some, {
        rule: (one) => one.name,
        group: (one) => one.group,
        kind: (one) => (one.isAlert ? "alert" : "recorded"),
        error: (one) => clip(one.error, 160),
      }),
    ],
    remedies: ["mendRules"],
  };
}

const slow = ({ slow: groups }: Rules): Finding<"mendRules"> | undefined => {
  const [first] = groups;
  return (
    first && {
      id: "rules-slow",
      severity: "warning",
      title: `${count(groups.length, "rule group")} took longer than its interval: ${first.group}`,
      because: `Its last evaluation took ${first.took.toFixed(1)} s, and it is due every ${first.interval} s: evaluations are left out, so alerts come late and \`for:\` counts from later.`,
      remedies: ["mendRules"],
    }
  );
};

/** For each rule that fails what to do. */
export const sayRuleAdvice = (failed: readonly Failing[]): string =>
  failed.length === 0
    ? "Split the group (rules of one group are computed one after the other), compute what several of them read once as a recording rule, or give the group a longer `interval`."
    : [...new Map(failed.map((one) => [whyOf(one.error).next, one.name]))]
        .map(([next, name]) => `${name}: ${next}.`)
        .join("\n");
