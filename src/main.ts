import { buildCli } from "./cli/cli.ts";
import { VERSION } from "./version.ts";

const cli = buildCli({
  // Half a second of loading, which `--help` and a mistyped command need not wait for.
  load: async () => (await import("./app/cli-deps.ts")).createCliDeps(process.cwd()),
  version: VERSION,
});
process.exitCode = await cli(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  width: process.stdout.isTTY ? process.stdout.columns : undefined,
});
