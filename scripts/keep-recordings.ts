// npx tsx scripts/keep-recordings.ts <folder>: of what the integration tests have recorded (RECORD_TO=<folder>
// npx vitest run test/integration/runbooks) keeps one recording per situation in test/recordings, without names of the machine.
// What is there already stays.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { runbooks } from "../runbooks/index.ts";
import { type Conclusion, parseRecording, type Recording, sayRecording } from "../src/testing/recording.ts";
import { replay } from "../src/testing/replay.ts";

const [from = ""] = process.argv.slice(2);
const to = new URL("../test/recordings/", import.meta.url).pathname;
const besides = dirname(process.cwd()).replaceAll("/", "\\/");
const PLACES: readonly [RegExp, string][] = [
  // Whatever else runs on the machine: its command line is nobody's business.
  [new RegExp(`command: .*${besides}.*`, "g"), "command: node server.js"],
  [/\/tmp\/diagbot-host-\w+/g, "/srv/data"],
  [/\/tmp\/diagbot-[\w-]+/g, "/srv/lab"],
  [new RegExp(`\\b${hostname()}\\b`, "g"), "web1"],
  [new RegExp(`\\b${userInfo().username}\\b(?=@|:x:)`, "g"), "ops"],
  [new RegExp(`${process.cwd().replaceAll("/", "\\/")}`, "g"), "/srv/diagbot"],
];
const withoutMachine = (text: string): string =>
  PLACES.reduce((said, [pattern, instead]) => said.replace(pattern, instead), text);

/** What makes a situation another one: what is found, how grave, what is offered, and what gave no answer. */
const kindOf = ({ findings, gaps }: Conclusion): string =>
  JSON.stringify([
    [...new Set(findings.map(({ id, severity, remedies }) => [id.split(":")[0], severity, remedies].join()))],
    gaps.length,
  ]);

const nameOf = ({ findings, gaps }: Conclusion): string => {
  const found = findings.find(({ id }) => id !== "matrix") ?? findings[0];
  if (found === undefined) return gaps.length > 0 ? "half-broken" : "healthy";
  return (found.id.split(":")[0] ?? found.id).replace(/[^a-z0-9-]+/gi, "-").slice(0, 40);
};

function keep(recording: Recording): void {
  const folder = join(to, recording.runbook);
  mkdirSync(folder, { recursive: true });
  const name = nameOf(recording.conclusion);
  for (let n = 1; ; n++) {
    const path = join(folder, n === 1 ? `${name}.yaml` : `${name}-${n}.yaml`);
    if (existsSync(path)) continue;
    writeFileSync(path, sayRecording(recording));
    return;
  }
}

/** Where a step's error is not at hand: the healthy situation with the first step unanswered, as any step may be. */
function halfBroken(healthy: Recording): Recording | undefined {
  const [first] = Object.entries(healthy.steps);
  if (first === undefined) return undefined;
  const [name, { output: _output, ...call }] = first;
  const error = { code: "timeout", message: "no answer within 10 s" };
  return {
    ...healthy,
    situation: `${healthy.situation ?? ""}; the answer of ${name} was taken out: it did not come in time`,
    steps: { ...healthy.steps, [name]: { ...call, error } },
  };
}

const concluded = (recording: Recording): Recording => {
  const runbook = runbooks.find(({ id }) => id === recording.runbook);
  if (runbook === undefined) throw new Error(`no runbook ${recording.runbook}`);
  return { ...recording, conclusion: replay(runbook, recording).conclusion };
};

for (const { id } of runbooks) {
  const folder = join(from, id);
  if (!existsSync(folder)) {
    console.error(`nothing was recorded of ${id}`);
    continue;
  }
  const seen = new Set<string>();
  let healthy: Recording | undefined;
  let isPartly = false;
  for (const file of readdirSync(folder).sort()) {
    const text = withoutMachine(readFileSync(join(folder, file), "utf8"));
    const recording = concluded(parseRecording(text));
    const { findings, gaps } = recording.conclusion;
    if (findings.length === 0 && gaps.length === 0) healthy ??= recording;
    if (gaps.length > 0) isPartly = true;
    const kind = kindOf(recording.conclusion);
    if (seen.has(kind)) continue;
    seen.add(kind);
    keep(recording);
  }
  const partly = healthy === undefined || isPartly ? undefined : halfBroken(healthy);
  if (partly !== undefined) keep(concluded(partly));
  console.log(`${id}: ${seen.size} situations of ${readdirSync(folder).length}`);
}
