import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { runbooks as SHIPPED } from "../../runbooks/index.ts";
import { compileCheck } from "../../src/core/rules/checks/compile.ts";
import { CheckSchema } from "../../src/core/words/check.ts";
import type { Runbook } from "../../src/core/words/runbook.ts";
import { parseRecording } from "../../src/testing/recording.ts";
import { replay } from "../../src/testing/replay.ts";
import { Exported, SCENARIO_FILE } from "./export.ts";
import { firstOf, isAboveInfo, judgeFault, judgeTwin, ofSituation } from "./judge.ts";
import type { Outcome, Seen } from "./words.ts";

/** Evaluates an export with the runbooks of this checkout. Throws where the folder holds none, or a file cannot be read. */
export function replayExport(folder: string, runbooks: readonly Runbook[] = SHIPPED): Outcome[] {
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(SCENARIO_FILE))
        .sort()
    : [];
  if (files.length === 0)
    throw new Error(`there is no ${SCENARIO_FILE} below ${folder}: --export writes some`);
  return files.map((name) => outcomeOf(join(folder, name), runbooks));
}

function outcomeOf(file: string, runbooks: readonly Runbook[]): Outcome {
  const read = Exported.safeParse(parse(readFileSync(file, "utf8")));
  if (!read.success)
    throw new Error(
      `${file}: ${read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`,
    );
  const { scenario, items, expect, fault, twin, checks = [] } = read.data;
  const known = [...runbooks, ...checks.map((one) => compileCheck(CheckSchema.parse(one), OF_A_FILE))];
  const seen = (one: Exported["fault"]): Seen | undefined =>
    one &&
    seenOf(
      one.recordings.map((name) => join(dirname(file), name)),
      known,
      expect.elsewhere,
    );
  const [ofFault, ofTwin] = [seen(fault), seen(twin)];
  const { remedy } = expect;
  const problems =
    ofFault === undefined ? ["the fault was not recorded"] : judgeFault({ expect: wanted(expect) }, ofFault);
  const first = firstOf(ofFault?.findings ?? []);
  return {
    ...{ id: scenario, items, components: ["recorded"] },
    right: problems.length === 0,
    ...(first === undefined ? {} : { first }),
    ...(remedy === undefined || problems.length > 0 ? {} : { remedy }),
    ...(ofTwin === undefined ? {} : { falseFindings: ofTwin.findings.filter(isAboveInfo) }),
    wrong: [...problems, ...(ofTwin === undefined ? [] : judgeTwin(ofTwin))],
  };
}

/** Whatever version a recording is of: it is evaluated with the check that lies beside it. */
const OF_A_FILE = { version: "0", digest: "0".repeat(64) };

/** Undefined keys are not there. */
const wanted = ({ first, remedy }: Exported["expect"]) => ({
  first,
  ...(remedy === undefined ? {} : { remedy }),
});

function seenOf(
  files: readonly string[],
  runbooks: readonly Runbook[],
  elsewhere: readonly string[] = [],
): Seen {
  const runs = files.map((file) => {
    const recording = parseRecording(readFileSync(file, "utf8"));
    const runbook = runbooks.find(({ id }) => id === recording.runbook);
    if (runbook === undefined) throw new Error(`${file}: runbook ${recording.runbook} is not known here`);
    return { file, runbook, conclusion: replay(runbook, recording).conclusion };
  });
  return {
    findings: runs.flatMap(({ file, conclusion }) =>
      ofSituation(conclusion.findings, elsewhere).map(({ id, severity, title, remedies }) => ({
        run: file,
        id,
        severity,
        title,
        remedies,
      })),
    ),
    runs: runs.map(({ file, runbook }) => ({ id: file, runbook: runbook.id, status: "recorded" })),
    remedies: {},
  };
}
