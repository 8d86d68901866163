import { readFileSync } from "node:fs";

/**
 * Reads what vitest's JSON reporter wrote.
 *
 *   node .ci/report.mjs again <report>                                    files to run a second time, one a line
 *   node .ci/report.mjs verdict <report> <second> <check> <tests> <lab>   what passed and failed, and the exit code
 */

/** More failed files than this are no accident of one machine: none of them is run again. */
const MOST_AGAIN = 6;

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).testResults;
  } catch {
    return undefined;
  }
}

/** What one file counts: one that could not be loaded has no tests to fail, and is one failure. */
function count(file) {
  const of = (status) => file.assertionResults.filter((test) => test.status === status).length;
  const broken = file.status === "failed" && of("failed") === 0;
  return {
    passed: of("passed"),
    failed: of("failed") + (broken ? 1 : 0),
    skipped: of("pending") + of("todo") + of("skipped"),
  };
}

/** Runs again what failed only where it can be told from a change that is wrong: a few files. */
export function again(report) {
  const failed = (report ?? []).filter((file) => count(file).failed > 0).map((file) => file.name);
  return failed.length > MOST_AGAIN ? [] : failed;
}

/** Each file as it ended, with those that passed only the second time. What passed alone is a defect of its test. */
function ended(report, second) {
  return report.map((first) => {
    const rerun = count(first).failed > 0 ? second?.find((file) => file.name === first.name) : undefined;
    const counted = count(rerun ?? first);
    return { first, counted, unsteady: rerun !== undefined && counted.failed === 0 };
  });
}

function unsteadyLine({ name, assertionResults }) {
  const names = assertionResults.filter((test) => test.status === "failed").map((test) => test.fullName);
  return `passed only on the second run, alone: ${name}: ${names.join("; ") || "the whole file"}`;
}

export function verdict(report, second, codes) {
  const files = ended(report ?? [], second);
  const of = (key) => files.reduce((sum, { counted }) => sum + counted[key], 0);
  const unsteady = files.filter((file) => file.unsteady);
  const steps = [
    ["npm run check", codes.check],
    ["npm run lab -- --quick", codes.lab],
  ];
  const broken = steps.filter(([, code]) => code !== "0").map(([name]) => name);
  // No report means that the run itself broke; a failure outside any test shows in the exit code alone.
  const outside =
    report === undefined || (codes.tests !== "0" && of("failed") === 0 && unsteady.length === 0);
  const passed = of("passed") + steps.length - broken.length;
  const failed = of("failed") + broken.length + (outside ? 1 : 0);
  const skipped = of("skipped") > 0 ? `, ${of("skipped")} skipped` : "";
  return {
    lines: [
      ...unsteady.map(({ first }) => unsteadyLine(first)),
      ...broken.map((name) => `${name} failed`),
      `${passed} passed, ${failed} failed${skipped}`,
    ],
    ok: failed === 0 && passed > 2,
  };
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const [, , what, file, second, check, tests, lab] = process.argv;
  if (what === "again") for (const name of again(read(file))) process.stdout.write(`${name}\n`);
  else {
    const { lines, ok } = verdict(read(file), read(second), { check, tests, lab });
    for (const line of lines) process.stdout.write(`${line}\n`);
    process.exitCode = ok ? 0 : 1;
  }
}
