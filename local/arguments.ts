import { parseArgs } from "node:util";
import { SYSTEMS, systemSpec } from "./systems/index.ts";

export interface DemoArguments {
  readonly script: boolean;
  readonly port: number;
  readonly socket: boolean;
  /** Ids of the faults the script goes through; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** One of the systems of docs/examples; undefined: the shop. */
  readonly system: string | undefined;
  readonly help: boolean;
}

export const USAGE = `npm run demo                     start a local Slack, diagbot and a sample system that can be broken
npm run demo -- --script         no browser: break everything, one after the other, approve, and report

  --port <port>    port of the page (default 8080, or any free one)
  --socket         connect diagbot by Socket Mode instead of HTTP
  --system <name>  one of the example systems below instead of the shop
  --only <fault>   with --script: only this fault; may be given several times
  --help           this text

Example systems (docs/examples; each with a sample service, its database and cache, checks, commands and faults of its own):

${SYSTEMS.map(({ id, about }) => `  ${id.padEnd(16)} ${about}`).join("\n")}

Everything runs on 127.0.0.1 and ends with Ctrl-C. Data and logs are in .diagbot/demo; it may be removed at any time.`;

/** Throws an error with a sentence for the person who typed it. */
export function readArguments(argv: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      script: { type: "boolean", default: false },
      socket: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
      port: { type: "string", default: "8080" },
      system: { type: "string" },
      only: { type: "string", multiple: true },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is not a port number`);
  const { script, socket, help, only, system } = values;
  if (system !== undefined) systemSpec(system);
  return { script, socket, help, port, only, system };
}
