// What authors of commands/ and runbooks/ may import; nothing else. See CONTRIBUTING.md.
export { z } from "zod";
// One line per connector: its actions under the connector's name.
export * as docker from "../connectors/docker/actions.ts";
export * as host from "../connectors/host/actions.ts";
export * as http from "../connectors/http/actions.ts";
export * as network from "../connectors/network/actions.ts";
export * as postgres from "../connectors/postgres/actions.ts";
export * as prometheus from "../connectors/prometheus/actions.ts";
export * as redis from "../connectors/redis/actions.ts";
export { shellWord, sqlName, sqlText } from "../core/rules/paste.ts";
export { type Call, on, type Steps } from "../core/words/action.ts";
export type { Caller } from "../core/words/caller.ts";
export type { ConnectionFace } from "../core/words/connection.ts";
export { parseDuration, sayDuration } from "../core/words/duration.ts";
export { DiagError } from "../core/words/errors.ts";
export { code, type Evidence, facts, table, text } from "../core/words/evidence.ts";
export type { Finding } from "../core/words/finding.ts";
export { clip, count, sayBytes, sayPercent, saySeconds } from "../core/words/format.ts";
export { IncidentId, RunId } from "../core/words/ids.ts";
export { type Command, HEALTH_RUNBOOK, type Intent } from "../core/words/intent.ts";
export type { Seen, StepError } from "../core/words/outcome.ts";
export type { Runbook, RunContext } from "../core/words/runbook.ts";
export { onEach } from "./each.ts";
export { type OutputOf, type StepsOf, valueIn } from "./given.ts";
export { rows } from "./rows.ts";
export { runbookOn } from "./runbook.ts";
export { orThreshold } from "./threshold.ts";
