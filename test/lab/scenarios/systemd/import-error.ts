import { scenario } from "../../words.ts";
import { sayingAndEnding, unitOn } from "./unit.ts";

export const importError = scenario({
  id: "systemd/import-error",
  items: ["sergas-accounts.import-errors", "sergas-accounts.wont-start"],
  needs: ["systemd"],
  situation: "a module the application imports is not there",
  twin: "the application runs",
  alert: { name: "SystemdUnitFailed", severity: "critical", summary: "sergas-import has failed" },
  expect: { first: "failed:sergas-import.service", remedy: "fixCrash" },
  place: ({ systemd }) => {
    const unit = unitOn(systemd, "sergas-import");
    return {
      connections: { units: unit.connection },
      labels: unit.labels,
      break: async (keep) => {
        unit.run(sayingAndEnding("ModuleNotFoundError: No module named 'sergas'"), keep);
        await unit.failed();
      },
      twin: unit.runs,
    };
  },
});
