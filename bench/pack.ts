import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TEN_QUESTIONS } from "./questions.ts";

/**
 * Runbooks of the bench, as a company would bring them: `ten-questions` asks what the shell script asks; `few-steps` and
 * `many-steps` ask the same nothing ten and sixty times, so that their difference is what fifty steps cost.
 */
export function writePack(folder: string): string {
  mkdirSync(join(folder, "pack"));
  writeFileSync(
    join(folder, "pack/bench.mjs"),
    `import { postgres, runbookOn, z } from "diagbot/sdk";
const asking = (id, questions) =>
  runbookOn("postgres", { id, title: id, params: z.object({}) }, () =>
    Object.fromEntries(questions.map((sql, n) => ["q" + n, postgres.query({ sql })])),
  ).remedies({}).findings(() => []);
const nothing = (times) => Array.from({ length: times }, (_, n) => "SELECT " + n + " AS n");
export const tenQuestions = asking("ten-questions", ${JSON.stringify(TEN_QUESTIONS)});
export const fewSteps = asking("few-steps", nothing(10));
export const manySteps = asking("many-steps", nothing(60));
`,
  );
  return "./pack";
}
