import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { chosen, type LabArguments, readArguments, USAGE } from "./arguments.ts";
import { missingFor, sayComponent } from "./components.ts";
import { exporter } from "./export.ts";
import { totalsOf } from "./judge.ts";
import { replayExport } from "./replay.ts";
import { exitOf, packagesFor, runLab, uncovered } from "./run.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { sums, table } from "./table.ts";
import type { Outcome, Scenario } from "./words.ts";

/** Entry of `npm run lab`. */
async function main(): Promise<number> {
  const args = parse();
  if (args === undefined) return 64;
  if (args.help) return say(USAGE);
  if (args.replay !== undefined) return replayed(args.replay, args);
  const scenarios = chosen(SCENARIOS, args);
  if (scenarios.length === 0) {
    console.error(`no scenario fits ${args.only.join(" ")}; --list shows them`);
    return 64;
  }
  if (args.list) return say(listOf(scenarios));
  if (args.install) install(scenarios);
  return play(scenarios, args);
}

function parse(): LabArguments | undefined {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return undefined;
  }
}

function say(text: string): number {
  console.log(text);
  return 0;
}

const listOf = (scenarios: readonly Scenario[]): string =>
  scenarios
    .map((one) => {
      const missing = missingFor(one);
      const needs = one.needs.map(sayComponent).join(", ");
      return `${one.id}${one.quick === true ? " (quick)" : ""}: ${one.situation}\n  ${needs}${missing === undefined ? "" : `; not here: ${missing}`}\n  ${one.items.join(", ")}`;
    })
    .join("\n");

/** Asks apt, and says for what. What apt answers is shown; what it does not bring stays missing. */
function install(scenarios: readonly Scenario[]): void {
  const packages = packagesFor(scenarios);
  if (packages.length === 0) return;
  console.error(`apt-get install ${packages.join(" ")}`);
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", ...packages], {
      stdio: ["ignore", 2, 2],
      env,
    });
  } catch (error) {
    console.error(`not installed: ${error instanceof Error ? error.message : error}`);
  }
}

async function play(scenarios: readonly Scenario[], args: LabArguments): Promise<number> {
  const begun = performance.now();
  const outcomes = await runLab(scenarios, {
    say: (line) => console.error(line),
    interrupted: onInterrupt(),
    ...(args.export === undefined ? {} : { watch: exporter(resolve(args.export)) }),
  });
  return show(outcomes, begun, args);
}

/** The first Ctrl-C; later ones change nothing. */
const onInterrupt = (): Promise<unknown> =>
  new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => {
        console.error("stopping …");
        resolve(signal);
      });
  });

function replayed(folder: string, args: LabArguments): number {
  const begun = performance.now();
  try {
    return show(chosen(replayExport(folder), { only: args.only, quick: false }), begun, args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

function show(outcomes: readonly Outcome[], begun: number, args: LabArguments): number {
  const seconds = (performance.now() - begun) / 1000;
  const totals = totalsOf(outcomes);
  const isPart = args.quick || args.only.length > 0 || args.replay !== undefined;
  const without = isPart ? [] : uncovered(SCENARIOS);
  if (args.json) console.log(JSON.stringify({ totals, seconds, uncovered: without, outcomes }));
  else {
    console.log(`\n${table(outcomes)}\n\n${sums(totals, seconds, without)}`);
    for (const { id, wrong } of outcomes) for (const line of wrong) console.log(`${id}: ${line}`);
  }
  return exitOf(outcomes);
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
// Timers and sockets of what was stopped must not keep the terminal waiting.
process.exit();
