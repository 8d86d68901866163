import { exampleScenario } from "./example.ts";

const CONFIG = "hub /microsoft/DialoGPT-small/resolve/main/config.json";

export const hubLimited = exampleScenario({
  id: "examples/hub-limited",
  example: "tektra",
  check: "hub-reachable",
  items: ["tektra.model-download-failure"],
  situation: "the model hub answers 429",
  twin: "the model hub is slow, and answers",
  alert: { name: "ModelDownloadFailed", severity: "warning", summary: "A model cannot be downloaded" },
  expect: { first: "status-equals" },
  broken: { troubles: { [CONFIG]: { status: 429 } } },
  healthy: { troubles: { [CONFIG]: { ms: 700 } } },
});
