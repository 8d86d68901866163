import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { startPostgres } from "../helpers/postgres-server.ts";
import { startRedis, whyNoRedis } from "../helpers/redis-server.ts";
import type { Mutant } from "./mutant.ts";
import { MUTANTS } from "./mutants.ts";
import { table } from "./table.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = [
  "src",
  "test",
  "local",
  "commands",
  "runbooks",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
];

const Report = z.object({
  testResults: z.array(
    z.object({
      message: z.string().optional(),
      assertionResults: z.array(z.object({ title: z.string(), status: z.string() })),
    }),
  ),
});
type Results = ReadonlyMap<string, string>;

interface Tests {
  /** Runs the tests whose names begin so in a copy; by name: passed, failed. */
  run(folder: string, file: string, names: readonly string[]): Promise<Results>;
}

export interface MutantsAsk {
  /** Of guards whose names contain one of these words, divided by commas; default: of all. */
  readonly only?: string | undefined;
  /** Copies that are tested at a time; default: one for each core, at most four. */
  readonly jobs?: number | undefined;
  /** Ends the tests that run and everything that was started. */
  readonly signal: AbortSignal;
}

/**
 * Removes each guard in a copy of the repository and runs the test that must miss it. True: every mutant was convicted by
 * its test failing (not by a program that does not start), and the copy without a change passed them all.
 */
export async function runMutants(say: (line: string) => void, ask: MutantsAsk): Promise<boolean> {
  const words = ask.only?.split(",") ?? [""];
  const chosen = MUTANTS.filter(({ guard }) => words.some((word) => guard.includes(word)));
  if (chosen.length === 0) throw new Error(`no guard is called so: ${ask.only}`);
  const jobs = ask.jobs ?? Math.min(4, availableParallelism());
  const postgres = await startPostgres();
  const redis = whyNoRedis() === undefined ? await startRedis() : undefined;
  const env = {
    ...process.env,
    DATABASE_URL: postgres.url,
    ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
  };
  const tests: Tests = {
    run: (folder, file, names) => runTests({ folder, env, signal: ask.signal }, file, names),
  };
  const copies = Array.from({ length: Math.min(jobs, chosen.length) }, copyOfRepository);
  try {
    const control = await controlPasses(tests, copies, chosen, say);
    const seconds = new Map<Mutant, { convicted: boolean; seconds: number }>();
    await inCopies(copies, chosen, async (folder, mutant) => {
      const began = performance.now();
      const convicted = await isConvicted(tests, folder, mutant);
      seconds.set(mutant, { convicted, seconds: (performance.now() - began) / 1000 });
      say(`${convicted ? "convicted" : "ESCAPED"}  ${mutant.guard} (${seconds.size} of ${chosen.length})`);
    });
    const rows = chosen.map((mutant) => {
      const seen = seconds.get(mutant);
      const where = [...new Set(mutant.removals.map(({ file }) => file))].join(", ");
      return [mutant.guard, where, seen?.convicted ? mutant.test : "NOBODY", seen?.seconds.toFixed(1) ?? ""];
    });
    say(table([["guard", "removed in", "convicted by", "seconds"], ...rows]));
    const escaped = chosen.filter((mutant) => seconds.get(mutant)?.convicted !== true).length;
    say(`${chosen.length - escaped} of ${chosen.length} convicted, control ${control ? "passed" : "FAILED"}`);
    return control && escaped === 0;
  } finally {
    for (const folder of copies) rmSync(folder, { recursive: true, force: true });
    await redis?.stop();
    await postgres.stop();
  }
}

/** Each copy takes the next one when it has done its last. */
async function inCopies<T>(
  copies: readonly string[],
  all: readonly T[],
  work: (folder: string, one: T) => Promise<void>,
): Promise<void> {
  const left = all.values();
  await Promise.all(
    copies.map(async (folder) => {
      for (const one of left) await work(folder, one);
    }),
  );
}

function copyOfRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-mutants-"));
  chmodSync(folder, 0o755);
  for (const name of COPIED)
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

async function controlPasses(
  tests: Tests,
  copies: readonly string[],
  mutants: readonly Mutant[],
  say: (line: string) => void,
): Promise<boolean> {
  let passed = true;
  const files = [...new Set(mutants.map((mutant) => mutant.file))];
  say(`control: the tests of ${files.length} files pass as long as nothing is removed`);
  await inCopies(copies, files, async (folder, file) => {
    const names = [...new Set(mutants.filter((mutant) => mutant.file === file).map(({ test }) => test))];
    const results = await tests.run(folder, file, names);
    for (const name of names) {
      const of = [...results].filter(([title]) => title.startsWith(name));
      if (of.length === 1 && of[0]?.[1] === "passed") continue;
      passed = false;
      say(`control: ${file}: "${name}" ${of.length === 1 ? of[0]?.[1] : `names ${of.length} tests`}`);
    }
  });
  return passed;
}

async function isConvicted(tests: Tests, folder: string, mutant: Mutant): Promise<boolean> {
  const before = new Map<string, string>();
  try {
    for (const { file, find, put } of mutant.removals) {
      const path = join(folder, file);
      const text = readFileSync(path, "utf8");
      const times = text.split(find).length - 1;
      if (times !== 1)
        throw new Error(`${mutant.guard}: the text to remove stands ${times} times in ${file}`);
      if (!before.has(path)) before.set(path, text);
      writeFileSync(
        path,
        text.replace(find, () => put),
      );
    }
    const results = await tests.run(folder, mutant.file, [mutant.test]);
    return [...results].some(([title, status]) => title.startsWith(mutant.test) && status === "failed");
  } finally {
    for (const [path, text] of before) writeFileSync(path, text);
  }
}

/** Throws when the tests could not be run at all: a mutant that does not start is no proof. */
async function runTests(
  { folder: cwd, env, signal }: { folder: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
  file: string,
  names: readonly string[],
): Promise<Results> {
  const report = join(cwd, "report.json");
  rmSync(report, { force: true });
  const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  const argv = [
    "run",
    "--project",
    file.startsWith("test/unit/") ? "unit" : "integration",
    file,
    "-t",
    pattern,
    "--reporter=json",
    `--outputFile=${report}`,
  ];
  const vitest = join(cwd, "node_modules", "vitest", "vitest.mjs");
  const output = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [vitest, ...argv],
      { cwd, env, signal, killSignal: "SIGINT", maxBuffer: 64 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
  signal.throwIfAborted();
  if (!existsSync(report)) throw new Error(`${file} could not be run:\n${output.slice(-2_000)}`);
  const { testResults } = Report.parse(JSON.parse(readFileSync(report, "utf8")));
  const ran = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "passed" || status === "failed"),
  );
  if (ran.length === 0)
    throw new Error(`${file}: no test ran: ${testResults[0]?.message ?? output.slice(-2_000)}`);
  return new Map(ran.map(({ title, status }) => [title, status]));
}
