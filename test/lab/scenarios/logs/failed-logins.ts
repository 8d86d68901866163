import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workFolder } from "../../../helpers/host.ts";
import { scenario } from "../../words.ts";

/** A line of the log so many seconds ago. */
const line = (ago: number, says: string): string =>
  `${new Date(Date.now() - ago * 1000).toISOString()} ${says}\n`;

const failed = (n: number) => `ERROR authentication failed for user u${n} from 203.0.113.${n % 200}`;

export const failedLogins = scenario({
  id: "logs/failed-logins",
  items: [
    "sergas-accounts.unauthorized-access",
    "resync.unauthorized-access",
    "tektra.security-events",
    "sergas-accounts.high-error-rate",
  ],
  needs: ["machine"],
  situation: "many more logins fail than in the hour before",
  twin: "as many logins fail as in the hour before",
  alert: { name: "LogErrorsHigh", severity: "warning", summary: "The log has many errors" },
  expect: { first: "more-errors:machine/app" },
  place: (_parts, keep) => {
    const folder = workFolder();
    keep(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "app.log");
    /** So many in the hour before this one, and so many in this one. */
    const write = (before: number, now: number): void =>
      writeFileSync(
        path,
        [
          line(7_300, "INFO begin"),
          ...Array.from({ length: before }, (_one, n) => line(7_000 - n * 60, failed(n))),
          ...Array.from({ length: now }, (_one, n) => line(1_800 - n * 10, failed(n))),
          line(5, "INFO request done"),
        ].join(""),
      );
    return {
      connections: { machine: { kind: "host", local: true, logs: [{ name: "app", path }] } },
      break: async () => write(2, 60),
      twin: async () => write(20, 20),
    };
  },
});
