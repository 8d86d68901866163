import { exampleScenario } from "./example.ts";

export const permissionMissing = exampleScenario({
  id: "examples/permission-missing",
  example: "tektra",
  check: "agents-endpoint",
  items: ["tektra.permission-denied"],
  situation: "the key is taken, and may not list agents",
  twin: "the list of agents takes a second",
  alert: { name: "AgentsDenied", severity: "warning", summary: "The list of agents is denied" },
  expect: { first: "status-equals*" },
  broken: { troubles: { "api /v1/agents": { status: 403, body: { error: "permission denied" } } } },
  healthy: { troubles: { "api /v1/agents": { ms: 1000 } } },
});
