import { parseArgs } from "node:util";
import { runRig } from "./rig.ts";
import { machine } from "./services.ts";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "4" },
    every: { type: "string", default: "400" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log("npm run chaos -- --steps N --seed S [--workers 4] [--every 400 (ms between acts)]");
} else {
  const { steps, seed } = values;
  console.log(`chaos: ${steps} writes, seed ${seed}, ${values.workers} workers, ${machine()}`);
  const report = await runRig({
    steps: Number(steps),
    seed: Number(seed),
    workers: Number(values.workers),
    everyMs: Number(values.every),
    say: (line) => console.log(line),
  });
  const rows = { ...report.acts, ...report.figures, seconds: report.seconds.toFixed(0) };
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const [name, value] of Object.entries(rows)) console.log(`  ${name.padEnd(width)}  ${value}`);
  for (const violation of report.violations.slice(0, 50)) console.log(`VIOLATION ${violation}`);
  console.log(
    report.violations.length === 0 ? "0 violations" : `${report.violations.length} violations (seed ${seed})`,
  );
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}
