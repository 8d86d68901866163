import { clip } from "../../../core/words/format.ts";
import type { BodyRead } from "./body.ts";
import { readWord, worst } from "./body.ts";
import { readPairs } from "./pairs.ts";
import type { Component, Verdict } from "./shape.ts";

const MOST_LINES = 200;
const MOST_LINE = 200;

/** Sentences of servers: Prometheus, Kubernetes, Loki, Hasura, Spring and hand-made ones. The bad ones first. */
const SENTENCES: readonly (readonly [Verdict, RegExp])[] = [
  [
    "unhealthy",
    /\bnot (yet )?(ready|healthy|available|alive|running|ok|serving)\b|\bunhealthy\b|\b(is|are) (down|unavailable|offline)\b|\bcheck failed\b/i,
  ],
  [
    "healthy",
    /\b(is|are) (up|alive|ready|healthy|running|working|available|ok)\b|\bcheck passed\b|\bi'?a?m (alive|ok|up|healthy)\b|^active connections: \d/i,
  ],
];

/** What plain text says: `OK`, `Degraded`, `[-]etcd failed: …`, `Prometheus Server is Healthy.` */
export function readText(body: string): BodyRead {
  const lines = body.split("\n", MOST_LINES).map((line) => line.slice(0, MOST_LINE).trim());
  const checks = lines.flatMap(checkOf);
  if (checks.length > 0) return { verdict: worst(checks), components: checks.slice(0, 30) };
  const first = lines.find((line) => line !== "") ?? "";
  const whole = readWord(first);
  if (whole.verdict !== "unknown") return whole;
  const begins = readWord(first.split(/[,;|(]| - /, 1)[0] ?? "");
  if (begins.verdict !== "unknown") return begins;
  const pairs = readPairs(body, lines);
  if (pairs !== undefined) return pairs;
  const verdict = SENTENCES.find(([, pattern]) => pattern.test(first))?.[0];
  return verdict === undefined
    ? { verdict: "unknown", components: [] }
    : { verdict, says: clip(first, 60), components: [] };
}

/** Kubernetes: `[+]ping ok`, `[-]etcd failed: reason withheld`. */
function checkOf(line: string): Component[] {
  const found = /^\[([+-])\]\s?(\S{1,60}) ?(.{0,100})$/.exec(line);
  if (found === null) return [];
  const [, sign, name = "", words = ""] = found;
  const isGood = sign === "+";
  return [
    {
      name,
      status: clip(words || (isGood ? "ok" : "failed"), 60),
      verdict: isGood ? "healthy" : "unhealthy",
    },
  ];
}
