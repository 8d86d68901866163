import { scenario } from "../../words.ts";
import { sayingAndEnding, unitOn } from "./unit.ts";

export const portInUse = scenario({
  id: "systemd/port-in-use",
  items: ["sergas-accounts.wont-start", "sergas-accounts.port-in-use"],
  needs: ["systemd"],
  quick: true,
  situation: "the application cannot have its port, and systemd gave up starting it",
  twin: "the application runs",
  alert: { name: "SystemdUnitFailed", severity: "critical", summary: "sergas-app has failed" },
  expect: { first: "failed:sergas-app.service", remedy: "freePort" },
  place: ({ systemd }) => {
    const unit = unitOn(systemd, "sergas-app");
    return {
      connections: { units: unit.connection },
      labels: unit.labels,
      break: async (keep) => {
        unit.run(sayingAndEnding("OSError: [Errno 98] Address already in use: 0.0.0.0:8000"), keep);
        await unit.failed();
      },
      twin: unit.runs,
    };
  },
});
