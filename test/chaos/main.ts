import { parseArgs } from "node:util";
import { runMutants } from "./mutation.ts";
import { runRig } from "./rig.ts";
import { machine } from "./services.ts";
import { table } from "./table.ts";

const HELP = `npm run chaos -- [--steps 1000] [--seed 1] [--workers 4] [--every 400]
npm run chaos -- --mutants [--only fence,lease] [--jobs 2]

  --steps    writes to ask for; a run asks for 3 to 9 of them
  --seed     the same seed asks for the same runs, and decides the same of every vote (approve, deny, tamper), of every
             delivery of every write (lost request, lost reply, 500 before or after, ok) and the same sequence of acts
             against workers, queue and database, with the same victims and durations
  --workers  worker processes
  --every    milliseconds between two acts

Not decided by the seed: at which instruction an act meets a worker, and how many acts there are time for; those are the
machine's. To hit one instruction use CRASH_AT=<point>:<n> or test/integration/chaos/crash-walk.test.ts, which walks them all.

  --mutants  removes each guard in a copy of the repository and wants a named test to fail; --only: of
             guards whose names contain one of these words (--only fence,lease); --jobs: so many copies at a time
             (one for each core). Ctrl-C ends it and leaves nothing running

Exits with 1 when a promise was broken.`;

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "4" },
    every: { type: "string", default: "400" },
    mutants: { type: "boolean", default: false },
    only: { type: "string" },
    jobs: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

async function chaos(): Promise<boolean> {
  const { steps, seed, workers, every } = values;
  console.log(`chaos: ${steps} writes, seed ${seed}, ${workers} workers, ${machine()}`);
  const report = await runRig({
    steps: Number(steps),
    seed: Number(seed),
    workers: Number(workers),
    everyMs: Number(every),
    say: (line) => console.log(line),
  });
  console.log(
    table(Object.entries({ ...report.acts, ...report.figures, seconds: report.seconds.toFixed(0) })),
  );
  for (const violation of report.violations.slice(0, 50)) console.log(`VIOLATION ${violation}`);
  const { length } = report.violations;
  console.log(length === 0 ? "0 violations" : `${length} violations (seed ${seed})`);
  return length === 0;
}

async function mutants(): Promise<boolean> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  const { only, jobs } = values;
  return runMutants((line) => console.log(line), {
    ...{ only, signal: stop.signal },
    ...(jobs === undefined ? {} : { jobs: Math.max(1, Number(jobs) || 1) }),
  }).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
    console.error("stopped; nothing is left running");
    return false;
  });
}

if (values.help) console.log(HELP);
else {
  process.exitCode = (await (values.mutants ? mutants() : chaos())) ? 0 : 1;
}
