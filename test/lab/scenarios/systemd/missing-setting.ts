import { scenario } from "../../words.ts";
import { sayingAndEnding, unitOn } from "./unit.ts";

export const missingSetting = scenario({
  id: "systemd/missing-setting",
  items: ["sergas-accounts.missing-env", "sergas-accounts.wont-start"],
  needs: ["systemd"],
  situation: "a variable the application wants is not set",
  twin: "the application runs",
  alert: { name: "SystemdUnitFailed", severity: "critical", summary: "sergas-env has failed" },
  expect: { first: "failed:sergas-env.service", remedy: "fixCrash" },
  place: ({ systemd }) => {
    const unit = unitOn(systemd, "sergas-env");
    return {
      connections: { units: unit.connection },
      labels: unit.labels,
      break: async (keep) => {
        unit.run(sayingAndEnding("RuntimeError: missing environment variable ANTHROPIC_API_KEY"), keep);
        await unit.failed();
      },
      twin: unit.runs,
    };
  },
});
