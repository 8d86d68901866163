import { scenario } from "../../words.ts";
import { unitOn } from "./unit.ts";

export const unitCrashed = scenario({
  id: "systemd/crashed",
  items: ["sergas-accounts.crashes"],
  needs: ["systemd"],
  situation: "the program ended by a segmentation fault",
  twin: "the application runs",
  alert: { name: "SystemdServiceCrashed", severity: "critical", summary: "sergas-crash has crashed" },
  expect: { first: "failed:sergas-crash.service", remedy: "fixCrash" },
  place: ({ systemd }) => {
    const unit = unitOn(systemd, "sergas-crash");
    return {
      connections: { units: unit.connection },
      labels: unit.labels,
      break: async (keep) => {
        await unit.runs(keep);
        systemd.sh("systemctl kill -s SEGV sergas-crash");
        await unit.failed();
      },
      twin: unit.runs,
    };
  },
});
