// What authors of commands/ and runbooks/ may import; nothing else. See CONTRIBUTING.md.
export { z } from "zod";
export { type KindName, kinds } from "../connectors/index.ts";
// The actions of every kind under its name: `postgres.idleSessions(…)`.
export * from "../connectors/kinds.ts";
export { mysqlName, scriptText, shellWord, sqlName, sqlText } from "../core/rules/paste.ts";
export { type Call, type OutputOf, on, type Steps } from "../core/words/action.ts";
export type { Caller } from "../core/words/caller.ts";
export type { ConnectionFace } from "../core/words/connection.ts";
export { parseDuration, sayDuration } from "../core/words/duration.ts";
export { DiagError } from "../core/words/errors.ts";
export { code, type Evidence, facts, table, text } from "../core/words/evidence.ts";
export type { Finding } from "../core/words/finding.ts";
export { clip, count, mostOf, sayBytes, sayPercent, saySeconds } from "../core/words/format.ts";
export { IncidentId, RunId } from "../core/words/ids.ts";
export { type Command, HEALTH_RUNBOOK, type Intent, type Known } from "../core/words/intent.ts";
export type { Seen, StepError } from "../core/words/outcome.ts";
export { type Cell, type Cells, named, type Reading } from "../core/words/reading.ts";
export { chosenOf, type Runbook, type RunContext } from "../core/words/runbook.ts";
export * from "./connector.ts";
export { onEach } from "./each.ts";
export { type StepsOf, valueIn } from "./given.ts";
export { rows } from "./rows.ts";
export { runbookOn } from "./runbook.ts";
export { orThreshold } from "./threshold.ts";
