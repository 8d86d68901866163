import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { host } from "../../../src/sdk/index.ts";
import { onPath } from "../../helpers/docker.ts";
import type { WriteCase } from "../harness.ts";

/** A log of our own with its rule, for the real logrotate. */
export function rotationCase(folder: string): {
  settings: { main: string; state: string; configs: string[] };
  writes: Record<string, WriteCase>;
} {
  const [main, state, config] = ["main.conf", "state", "app"].map((name) =>
    join(folder, "rotation", name),
  ) as [string, string, string];
  const logs = join(folder, "rotation-logs");
  const log = join(logs, "app.log");
  const missing =
    onPath("logrotate") === undefined
      ? "logrotate is not on the PATH"
      : process.getuid?.() === 0
        ? undefined
        : "logrotate is asked as root";
  return {
    settings: { main, state, configs: [config] },
    writes: {
      "host.rotate-logs": {
        missing,
        prepare: async () => {
          for (const path of [logs, join(folder, "rotation")])
            mkdirSync(path, { recursive: true, mode: 0o755 });
          for (const name of readdirSync(logs)) rmSync(join(logs, name));
          writeFileSync(log, "x\n".repeat(1_000));
          writeFileSync(main, "rotate 3\n", { mode: 0o644 });
          writeFileSync(state, "logrotate state -- version 2\n", { mode: 0o644 });
          writeFileSync(config, `${log} {\n missingok\n}\n`, { mode: 0o644 });
          return host.rotateLogs({ config, logs: [log] });
        },
        spoil: async () => writeFileSync(config, `${log} {\n rotate 0\n}\n`),
      },
    },
  };
}
