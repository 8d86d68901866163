import { exampleScenario } from "./example.ts";

export const modelFileMissing = exampleScenario({
  id: "examples/model-file-missing",
  example: "tektra",
  check: "incomplete-models",
  items: ["tektra.model-loading-failure"],
  situation: "a download was broken off: a file of a model is missing",
  twin: "every file of the model is whole",
  alert: { name: "ModelIncomplete", severity: "critical", summary: "A model cannot be loaded" },
  expect: { first: "state-equals", remedy: "advice-state-equals" },
  broken: { models: { DialoGPT: { files: { "model.safetensors": { state: "missing", size: 0 } } } } },
  healthy: {
    models: { DialoGPT: { files: { "model.safetensors": { state: "whole", size: 862_000_000 } } } },
  },
});
