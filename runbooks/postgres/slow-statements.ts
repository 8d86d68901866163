import {
  clip,
  count,
  type Finding,
  type postgres,
  rows,
  sayPercent,
  saySeconds,
} from "../../src/sdk/index.ts";

type Top = {
  readonly slowest: readonly postgres.TopStatement[];
  readonly costliest: readonly postgres.TopStatement[];
  readonly since: string | null;
};
type Statement = postgres.TopStatement;
type Name = "tune" | "watchWaits";

const ms = (value: number) => saySeconds(value / 1000);

/**
 * Slow as a rule, not by a few calls of long ago: what was called while we looked says it; otherwise its spread. A mean
 * above the limit with a fast minimum and a deviation above the mean was made by a few.
 */
const isSlowNow = ({ meanMs, minMs, deviationMs, now }: Statement, limit: number): boolean =>
  now === null ? !(minMs < limit / 5 && deviationMs > meanMs) : now.meanMs >= limit;

const above = (statements: readonly Statement[], limit: number) =>
  statements.filter(({ meanMs }) => meanMs >= limit);

/** Those to make cheaper. */
export const slowNow = (statements: readonly Statement[], limit: number): readonly Statement[] =>
  above(statements, limit).filter((one) => isSlowNow(one, limit));

/** Statements slow as a rule, and those that only were slow at times: the two need opposite remedies. */
export function slowFindings(top: Top, limit: number): Finding<Name>[] {
  const slow = slowNow(top.slowest, limit);
  const atTimes = above(top.slowest, limit).filter((one) => !slow.includes(one));
  const since = top.since === null ? "Since the last reset of pg_stat_statements" : `Since ${top.since}`;
  const [worst] = slow;
  const [rare] = atTimes;
  return [
    ...(worst === undefined
      ? []
      : [
          {
            id: "slow-on-average",
            severity: "warning" as const,
            title: `${count(slow.length, "statement")} above ${limit} ms on average, the slowest ${ms(worst.meanMs)} over ${count(worst.calls, "call")}`,
            because: `${since} the slowest took ${sayPercent(worst.share)} of all statements' time and returned ${Math.round(worst.rowsPerCall)} rows a call; ${sayNow(worst)}.`,
            evidence: [
              statementRows("Slowest on average", slow),
              statementRows("Most time in total", top.costliest),
            ],
            remedies: ["tune" as const],
          },
        ]),
    ...(rare === undefined
      ? []
      : [
          {
            id: "slow-at-times",
            severity: "info" as const,
            title: `${count(atTimes.length, "statement")} slow at times, not as a rule: ${ms(rare.minMs)} to ${ms(rare.maxMs)} over ${count(rare.calls, "call")}`,
            because: `${since} its mean is ${ms(rare.meanMs)}, but a few calls made it (deviation ${ms(rare.deviationMs)}); ${sayNow(rare)}. Slow calls of a fast statement waited for something: a lock, storage, a cold cache.`,
            evidence: [statementRows("Slow at times", atTimes)],
            remedies: ["watchWaits" as const],
          },
        ]),
  ];
}

const sayNow = ({ now }: Statement) =>
  now === null
    ? "no call of it ended while diagbot looked, so nothing is known of now"
    : `while diagbot looked: ${ms(now.meanMs)} over ${count(now.calls, "call")}`;

const statementRows = (title: string, statements: readonly Statement[]) =>
  rows(title, statements, {
    mean: (one) => ms(one.meanMs),
    now: (one) => (one.now === null ? null : ms(one.now.meanMs)),
    "from – to": (one) => `${ms(one.minMs)} – ${ms(one.maxMs)}`,
    calls: (one) => one.calls,
    share: (one) => sayPercent(one.share),
    statement: (one) => clip(one.statement, 160),
  });
