import { fileURLToPath } from "node:url";
import { type DemoArguments, readArguments, USAGE } from "./arguments.ts";
import { runScript } from "./script/script.ts";
import { startTryout, type Tryout } from "./tryout/tryout.ts";

const FOLDER = fileURLToPath(new URL("../.diagbot/demo", import.meta.url));

/** Entry of `npm run demo`. */
async function main(): Promise<number> {
  const args = parse();
  if (args === undefined) return 64;
  if (args.help) {
    console.log(USAGE);
    return 0;
  }
  const interrupted = onInterrupt();
  const tryout = await startTryout({
    folder: FOLDER,
    port: args.port,
    socket: args.socket,
    system: args.system,
    say: console.log,
  }).catch((error: Error) => {
    console.error(`The demo could not start: ${error.message}`);
    return undefined;
  });
  if (tryout === undefined) return 1;
  try {
    return args.script ? await play(tryout, args, interrupted) : await keepOpen(tryout, interrupted);
  } finally {
    for (const left of await tryout.stop()) console.error(`could not stop ${left}`);
    console.log("Stopped; nothing is left running.");
  }
}

function parse(): DemoArguments | undefined {
  try {
    return readArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return undefined;
  }
}

/** Resolves at the first Ctrl-C; a later one while everything is being stopped changes nothing (npm sends two). */
function onInterrupt(): Promise<"interrupted"> {
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => resolve("interrupted"));
  });
  void interrupted.then(() => console.log("\nStopping …"));
  return interrupted;
}

async function keepOpen(tryout: Tryout, interrupted: Promise<"interrupted">): Promise<number> {
  console.log(`\nOpen ${tryout.url}\n`);
  console.log(
    `Press a button of the panel “Break something” and watch #${tryout.sample.channel.name}; approve as Bob. Ctrl-C stops everything.`,
  );
  const ended = await Promise.race([interrupted, tryout.bot.ended]);
  if (ended === "interrupted") return 0;
  console.error(`diagbot ended by itself (${ended}); see ${tryout.bot.log}`);
  return 1;
}

async function play(
  tryout: Tryout,
  { only }: DemoArguments,
  interrupted: Promise<"interrupted">,
): Promise<number> {
  const result = await Promise.race([runScript(tryout, only, console.log), interrupted]);
  return result === "interrupted" ? 130 : result;
}

process.exitCode = await main();
// Timers and sockets of a stopped tryout must not keep the terminal waiting.
process.exit();
