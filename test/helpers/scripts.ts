import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workFolder } from "./host.ts";

/** Scripts as a system has its own, over a queue that is a file: `queue-status` and `queue-set`. */
export interface Scripts {
  readonly folder: string;
  readonly log: string;
  /** Settings of the commands, as in diagbot.yaml. */
  readonly commands: Readonly<Record<string, unknown>>;
  set(state: Partial<QueueState>): void;
  get(): QueueState;
  /** Argument lists of the writes, as the script saw them. */
  writes(): string[];
  program(name: string, body: string): string;
  stop(): void;
}

interface QueueState {
  readonly paused: "yes" | "no" | "other";
  readonly waiting: number;
}

// Each argument on a line of its own: what the program was given, not what a shell made of it.
const STATUS = `#!/bin/sh
read -r paused waiting < "$STATE"
[ -n "$FAIL" ] && exit 3
printf '{"queues":[{"name":"%s","paused":"%s","waiting":%s},{"name":"other","paused":"no","waiting":1}]}' "$2" "$paused" "$waiting"
`;
const SET = `#!/bin/sh
for word; do printf '[%s]' "$word" >> "$LOG"; done; echo >> "$LOG"
read -r paused waiting < "$STATE"
[ "$waiting" -gt 1000 ] && { echo 'too many' >&2; exit 4; }
echo "$3 $waiting" > "$STATE"
`;

/** Scripts in a folder of their own. */
export function makeScripts(): Scripts {
  const folder = workFolder();
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const state = join(folder, "state");
  const log = join(folder, "log");
  writeFileSync(log, "");
  const program = (name: string, body: string): string => {
    const path = join(bin, name);
    writeFileSync(path, body.replaceAll("$STATE", state).replaceAll("$LOG", log).replaceAll("$FAIL", ""));
    chmodSync(path, 0o755);
    return path;
  };
  const get = (): QueueState => {
    const [paused, waiting] = readFileSync(state, "utf8").trim().split(" ");
    return { paused: paused as QueueState["paused"], waiting: Number(waiting) };
  };
  writeFileSync(state, "no 3\n");
  const queue = { type: "word", title: "name of the queue" };
  return {
    folder,
    log,
    program,
    get,
    set: (part) => {
      const { paused, waiting } = { ...get(), ...part };
      writeFileSync(state, `${paused} ${waiting}\n`);
    },
    writes: () =>
      readFileSync(log, "utf8")
        .split("\n")
        .filter((line) => line !== ""),
    commands: {
      "queue-status": {
        title: "State of a queue",
        argv: [program("queue-status", STATUS), "--queue", "{queue}"],
        params: { queue },
        output: "json",
        rows: "queues",
        columns: { name: "name", paused: "paused", waiting: "waiting" },
        exitCodes: { "0": "ok", "3": "the broker does not answer" },
      },
      "queue-set": {
        title: "Pause or resume a queue",
        effect: "write",
        risk: "high",
        argv: [program("queue-set", SET), "--queue", "{queue}", "{paused}"],
        params: { queue, paused: { type: "enum", values: ["yes", "no"] } },
        refuses: { "4": "too many wait" },
        probe: {
          ask: "queue-status",
          where: { name: "{queue}" },
          when: { paused: { equals: "{paused}" } },
        },
        undo: { command: "queue-set", params: { paused: "{before.paused}" } },
        requires: [
          {
            ask: "queue-status",
            where: { name: "{queue}" },
            when: { waiting: { below: 500 } },
            otherwise: "500 or more wait: nobody pauses that from here",
          },
        ],
        preview: { ask: "queue-status", where: { name: "{queue}" } },
      },
    },
    stop: () => rmSync(folder, { recursive: true, force: true }),
  };
}
