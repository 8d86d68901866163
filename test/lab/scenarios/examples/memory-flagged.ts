import { exampleScenario } from "./example.ts";

const RIGHT = { id: "m-17", verdict: "keep", reason: "agrees with the job's log" };

export const memoryFlagged = exampleScenario({
  id: "examples/memory-flagged",
  example: "resync",
  check: "flagged-memories",
  items: ["resync.incorrect-responses"],
  situation: "the auditor says that a stored memory contradicts the scheduler",
  twin: "the auditor has looked at as many memories and keeps them",
  alert: { name: "AnswersWrong", severity: "warning", summary: "Answers are wrong" },
  expect: { first: "verdict-not", remedy: "advice-verdict-not" },
  broken: {
    memories: {
      findings: [RIGHT, { id: "m-23", verdict: "contradicts", reason: "the job ended with 8, not with 0" }],
    },
  },
  healthy: {
    memories: { findings: [RIGHT, { id: "m-23", verdict: "keep", reason: "the job ended with 8" }] },
  },
});
