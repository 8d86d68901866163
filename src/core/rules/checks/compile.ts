import { z } from "zod";
import type { Call } from "../../words/action.ts";
import { type Check, type Condition, type PROBES, probeOf, ROWS, targetOf } from "../../words/check.ts";
import type { Offers } from "../../words/command.ts";
import type { Finding } from "../../words/finding.ts";
import { canonical, type Json } from "../../words/json.ts";
import { MOST_ROWS, Reading, type Wants } from "../../words/reading.ts";
import type { AnyRemedy, AnySeen, Before, Runbook, RunbookVersion, RunContext } from "../../words/runbook.ts";
import { guideLine } from "../guide-line.ts";
import { evidenceOf } from "./evidence.ts";
import { fill, sayCell } from "./fill.ts";
import { judge, type Match, type Row } from "./judge.ts";
import { offered } from "./offer.ts";

type Rule = Check["findings"][number];

/** The step of a check's runbook. */
export const STEP = "reading";

/**
 * Troubles of connectors that are no news of the target but of the check's own question: a statement that is refused, or
 * takes too long. It could not look, and its error says why.
 */
const OWN_FAULTS = ["cannot-ask", "read-only", "stalled", "prometheus"];

/**
 * A check as the runbook the engine runs: one read, findings from its rows, advice, and declared writes that its findings offer.
 * `version`: of the check as written. Pure.
 */
export function compileCheck(
  check: Check,
  version: RunbookVersion,
  offers: Offers = () => undefined,
): Runbook {
  const { kind, name } = targetOf(check);
  const ids = findingIds(check);
  return {
    ...version,
    id: check.id,
    title: check.title,
    needs: [...new Set([kind, ...check.needs])],
    covers: check.covers,
    guide: check.guide,
    params: z.object({}),
    alerts: check.alerts.map((alert) => (typeof alert === "string" ? { alertname: alert } : alert)),
    explains: OWN_FAULTS,
    only: {
      ...(check.systems === undefined ? {} : { systems: check.systems }),
      ...(name === undefined ? {} : { connections: { [name]: kind } }),
    },
    ...(comparesIn(check) ? { compares: true } : {}),
    stages: [() => ({ [STEP]: callOf(check) })],
    findings: (seen, context) => findingsOf(check, ids, seen, context),
    remedies: Object.fromEntries(
      check.findings.flatMap((rule, index) => {
        const id = ids[index] ?? "";
        const advice = adviceOf(check, rule);
        const write = writeOf(check, rule, offers);
        return [
          ...(write === undefined ? [] : [[writeKey(id), write] as const]),
          ...(advice === undefined ? [] : [[adviceKey(id), advice] as const]),
        ];
      }),
    ),
  };
}

const comparesIn = ({ findings }: Check): boolean =>
  findings.some(({ when }) => Object.values(when).some(({ changed }) => changed !== undefined));

/** What is asked, as plain JSON. */
export function callOf(check: Check): Call {
  const { name } = targetOf(check);
  return {
    action: ACTIONS[probeOf(check)],
    input: inputOf(check),
    ...(name === undefined ? {} : { on: name }),
  };
}

const ACTIONS = {
  promql: "prometheus.query",
  sql: "postgres.query",
  http: "http.get-json",
  redis: "redis.values",
  command: "exec.ask",
} as const satisfies Record<keyof typeof PROBES, string>;

function inputOf(check: Check): Json {
  const { promql, range, sql, http, redis, command } = check;
  const own = {
    ...(promql === undefined
      ? {}
      : { promql, ...(range === undefined ? {} : { rangeSeconds: range / 1000 }) }),
    ...(sql === undefined ? {} : { sql }),
    ...(http === undefined ? {} : httpInput(check, http)),
    ...(redis === undefined ? {} : { reads: redis }),
    ...(command === undefined ? {} : { command: command.name, params: command.params }),
  };
  return { ...own, wants: wantsOf(check) } as Json;
}

/** What nobody asks for is left out: the question of an older run reads the same. */
function httpInput(check: Check, { path, fields, ...more }: NonNullable<Check["http"]>) {
  const asked = Object.entries(more).filter(
    ([, value]) => value !== undefined && (typeof value !== "object" || Object.keys(value).length > 0),
  );
  const judges = columnsIn(check);
  return {
    path,
    fields,
    ...Object.fromEntries(asked),
    anyStatus: judges.has("status"),
    ...(judges.has("failed") ? { countsFailures: true } : {}),
  };
}

const columnsIn = ({ findings }: Check): ReadonlySet<string> =>
  new Set(findings.flatMap(({ when }) => Object.keys(when)));

/** A column whose absence no finding speaks of has to be there; one that is compared holds numbers. */
export function wantsOf(check: Check): Wants {
  const conditions = check.findings.flatMap(({ when }) => Object.entries(when));
  const having = (has: (condition: Condition) => boolean): string[] => [
    ...new Set(conditions.flatMap(([column, condition]) => (has(condition) ? [column] : []))),
  ];
  const spoken = having(({ absent }) => absent !== undefined);
  const columns = having(() => true).filter((column) => column !== ROWS && !spoken.includes(column));
  const numbers = having(({ above, below }) => above !== undefined || below !== undefined);
  const aboutRows = columnsIn(check).has(ROWS) || spoken.length > 0;
  const rowsUpTo = Math.max(0, ...check.findings.flatMap(({ when }) => limitsOf(when[ROWS])));
  return {
    columns,
    ...(rowsUpTo > MOST_ROWS ? { rowsUpTo } : {}),
    numbers: numbers.filter((column) => column !== ROWS),
    // A statement that finds no row has looked; an expression without a result may ask for what is not there.
    empty: check.promql === undefined || check.empty === "healthy" || aboutRows,
  };
}

const limitsOf = (condition: Condition | undefined): number[] =>
  [condition?.above, condition?.below, condition?.equals, condition?.not].flatMap((limit) => {
    const number = Number(limit ?? Number.NaN);
    return Number.isFinite(number) ? [number] : [];
  });

function findingsOf(check: Check, ids: readonly string[], seen: AnySeen, context: RunContext): Finding[] {
  const judged = judgedBy(check, seen, context);
  if (judged === undefined) return [];
  const { reading, matches, unknown } = judged;
  const found = matches.map(({ rule, rows }): Finding => {
    const id = ids[check.findings.indexOf(rule)] ?? check.id;
    const say = filler(check, reading, rows);
    return {
      id,
      severity: rule.severity,
      ...(rule.damage === undefined ? {} : { damage: rule.damage }),
      title: say(rule.title),
      because: rule.because === undefined ? say(becauseOf(rule)) : say(rule.because),
      evidence: [...evidenceOf(check, reading, rule, rows), ...guideLine(check)],
      remedies: [
        ...(rule.remedy === undefined ? [] : [writeKey(id)]),
        ...(rule.advice === undefined ? [] : [adviceKey(id)]),
      ],
    };
  });
  return unknown ? [...found, FIRST_LOOK] : found;
}

const FIRST_LOOK: Finding = {
  id: "first-look",
  severity: "info",
  title: "There is nothing to compare with yet",
  because:
    "This check asks what has changed since its last finished run on this system, and there is none, or it asked something else. The next run can tell.",
};

/** The reading and the rules it breaks; undefined where there is no reading: it could not look. */
function judgedBy(
  check: Check,
  seen: AnySeen,
  { before }: Pick<RunContext, "before">,
): { reading: Reading; matches: readonly Match[]; unknown: boolean } | undefined {
  const one = seen[STEP];
  if (one?.ok !== true) return undefined;
  const reading = Reading.parse(one.value);
  const labels = check.promql === undefined ? [] : reading.columns.map(({ name }) => name).filter(isLabel);
  const key = check.key.length > 0 ? check.key : labels;
  return { reading, ...judge(check.findings, { reading, key, before: earlier(check, before?.[STEP]) }) };
}

const isLabel = (name: string): boolean => name !== "value";

/** The earlier reading, where it was asked the same question. */
function earlier(check: Check, before: Before[string] | undefined): Reading | undefined {
  if (before === undefined || question(before.input) !== question(inputOf(check))) return undefined;
  const parsed = Reading.safeParse(before.value);
  return parsed.success ? parsed.data : undefined;
}

const question = (input: Json): string => canonical({ ...(input as object), wants: null });

/** Fills texts in with the first of the rows; `rows` and `matches` are counts. */
function filler(check: Check, reading: Reading, rows: readonly Row[]): (text: string) => string {
  const units = new Map(reading.columns.map(({ name, unit }) => [name, unit]));
  return (text) =>
    fill(text, (name) => {
      if (name === "matches") return String(rows.length);
      if (name === ROWS && reading.more) return `more than ${reading.rows.length}`;
      return sayCell(rows[0]?.(name), check.units[name] ?? units.get(name));
    });
}

/** How each limit is said behind the value. */
type Said = { readonly [K in keyof Condition]-?: NonNullable<Condition[K]> };
const SAID: { readonly [K in keyof Said]: (limit: Said[K]) => string } = {
  above: (limit) => `above ${limit}`,
  below: (limit) => `below ${limit}`,
  equals: (wanted) => `asked for: ${JSON.stringify(wanted)}`,
  not: (wanted) => `it should be ${JSON.stringify(wanted)}`,
  contains: (words) => `with ${JSON.stringify(words)} in it`,
  lacks: (words) => `without ${JSON.stringify(words)}`,
  absent: () => "",
  changed: (has) => (has ? "not as it was" : "as it was"),
};
const LIMITS = Object.keys(SAID) as readonly (keyof Said)[];

const sayLimit = <K extends keyof Said>(name: K, limit: Said[K] | undefined): string =>
  limit === undefined ? "" : SAID[name](limit);

/** `n is {{n}}, above 100`, where the author has written nothing better. */
function becauseOf({ when }: Rule): string {
  const said = Object.entries(when).map(([column, condition]) => {
    if (condition.absent === true) return `There is no value for ${column}`;
    const limits = LIMITS.map((name) => sayLimit(name, condition[name])).filter((words) => words !== "");
    return [`${column} is {{${column}}}`, ...limits].join(", ");
  });
  return `${said.join("; ")}.`;
}

function adviceOf(check: Check, rule: Rule): AnyRemedy | undefined {
  const { advice } = rule;
  if (advice === undefined) return undefined;
  return {
    title: "What to do",
    risk: "low",
    advice: (seen, context) => {
      const judged = judgedBy(check, seen, context);
      const rows = judged?.matches.find((match) => match.rule === rule)?.rows ?? [];
      return judged === undefined ? advice : filler(check, judged.reading, rows)(advice);
    },
  };
}

/** The declared write that a finding offers. */
function writeOf(check: Check, rule: Rule, offers: Offers): AnyRemedy | undefined {
  if (rule.remedy === undefined) return undefined;
  const offer = offers(rule.remedy.run);
  // Its configuration has said so already.
  if (offer === undefined)
    return { title: rule.remedy.run, risk: "low", advice: `There is no command ${rule.remedy.run} here.` };
  return offered(rule.remedy, offer, {
    rowsOf: (seen, context) => {
      const judged = judgedBy(check, seen, context);
      return judged && (judged.matches.find((match) => match.rule === rule)?.rows ?? []);
    },
    ask: () => ({ [STEP]: callOf(check) }),
  });
}

const adviceKey = (finding: string): string => `advice-${finding}`;
const writeKey = (finding: string): string => `do-${finding}`;

/** One id per finding: the author's, or made of what it is about; the severity keeps steps of one limit apart. */
export function findingIds({ findings }: Pick<Check, "findings">): string[] {
  const ids: string[] = [];
  for (const { id, when, severity } of findings) {
    const made = Object.entries(when)
      .map(([column, condition]) => [column, ...Object.keys(condition)].join("-"))
      .join("-")
      .toLowerCase()
      .replaceAll("_", "-")
      .slice(0, 60);
    const wanted = [id ?? made, `${made}-${severity}`];
    const free = wanted.find((one) => !ids.includes(one)) ?? `${made}-${ids.length + 1}`;
    ids.push(free);
  }
  return ids;
}
