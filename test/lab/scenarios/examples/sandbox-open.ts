import { exampleScenario } from "./example.ts";

export const sandboxOpen = exampleScenario({
  id: "examples/sandbox-open",
  example: "tektra",
  check: "sandbox",
  items: ["tektra.sandbox-failure"],
  quick: true,
  situation: "the sandbox was started with a file system it may write to",
  twin: "the sandbox has another limit of memory and one more security option",
  alert: { name: "SandboxOpen", severity: "critical", summary: "The sandbox is not locked up" },
  expect: { first: "read-only-not" },
  broken: { sandbox: { read_only: false } },
  healthy: { sandbox: { memory: 1_073_741_824, options: "seccomp=default,no-new-privileges" } },
});
