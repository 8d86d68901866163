import { scenario } from "../../words.ts";
import { unitOn } from "./unit.ts";

/** What the application depends on, as a file. */
const DEPENDENCY = "/lab/database-is-there";

export const dependencyWasAway = scenario({
  id: "systemd/dependency-was-away",
  items: ["sergas-accounts.lb-health-check", "sergas-accounts.wont-start"],
  needs: ["systemd"],
  quick: true,
  situation:
    "the database was away for a minute; it is back, but systemd has given up starting the application",
  twin: "the application runs",
  alert: { name: "SystemdUnitFailed", severity: "critical", summary: "sergas-web has failed" },
  expect: { first: "failed:sergas-web.service", remedy: "start", apply: true },
  place: ({ systemd }) => {
    const unit = unitOn(systemd, "sergas-web");
    return {
      connections: { units: unit.connection },
      labels: unit.labels,
      break: async (keep) => {
        keep(() => systemd.sh(`rm -f ${DEPENDENCY}`));
        unit.run(
          `[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n[Service]\nRestart=always\nRestartSec=50ms\nExecStart=/bin/sh -c 'test -e ${DEPENDENCY} || { echo connect ECONNREFUSED 10.0.0.9:5432; exit 1; }; exec sleep 100000'\n`,
          keep,
        );
        await unit.failed();
        systemd.sh(`touch ${DEPENDENCY}`);
      },
      gone: async () => unit.show("ActiveState") === "active",
      twin: unit.runs,
    };
  },
});
