import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workFolder } from "../../../helpers/host.ts";
import { scenario } from "../../words.ts";

export const environmentIncomplete = scenario({
  id: "host/environment-incomplete",
  items: ["resync.config-errors", "tektra.startup-missing-env", "sergas-accounts.missing-env"],
  needs: ["machine"],
  quick: true,
  situation:
    "a name the service requires is not in its environment file, and another is left as in the example",
  twin: "the same file with all it needs, comments, quotes and empty names nobody requires",
  alert: {
    name: "MissingEnvironmentVariable",
    severity: "critical",
    summary: "A variable of the service is missing",
  },
  expect: { first: "missing:*", remedy: "setNames" },
  place: (_parts, keep) => {
    const folder = workFolder();
    keep(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, ".env");
    const write = (...lines: readonly string[]): void =>
      writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
    const environments = [{ name: "api", file, required: ["DATABASE_URL", "SECRET_KEY"] }];
    return {
      connections: { machine: { kind: "host", local: true, environments } },
      break: async () => write("# the database", "SECRET_KEY=your_secret_key_here", "WORKERS=4"),
      twin: async () =>
        write(
          "# the database",
          'DATABASE_URL="postgresql://app:a-word-of-the-lab@db:5432/app"',
          "SECRET_KEY='a-word#of-the-lab'",
          "SENTRY_DSN=",
          "WORKERS=4 # as many as CPUs",
        ),
    };
  },
});
