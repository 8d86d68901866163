// What authors of a kind of connection need besides: how it is reached, and what is true of every connector. See docs/packs.md.
export { beforeEffect, refused } from "../connectors/before-effect.ts";
export { type ByteBudget, withinBytes } from "../connectors/byte-budget.ts";
export { causeOf } from "../connectors/cause.ts";
export { type Exchange, type ExchangeRequest, exchange } from "../connectors/exchange.ts";
export { type Phase, reachError, stopped, timeoutAt } from "../connectors/reach.ts";
export { headers, url } from "../connectors/settings.ts";
export { judgeTime } from "../core/rules/response-time.ts";
export {
  type Action,
  type ActionContext,
  actionsIn,
  actionsOn,
  type EffectClass,
  type Preview,
  type Probed,
  type WriteContext,
} from "../core/words/action.ts";
export type { Connection, Endpoint } from "../core/words/connection.ts";
export type { ConnectionCheck, Connector } from "../core/words/connector.ts";
export type { ErrorCode } from "../core/words/errors.ts";
export { asks, type HealthLimits, type HealthTrouble, type HealthWord } from "../core/words/health.ts";
export type { Json } from "../core/words/json.ts";
export { type ConnectionKind, connectionKind, type Failure, type Scheme } from "../core/words/kind.ts";
export { notSeen } from "../core/words/not-seen.ts";
export type { Trouble, TroubleOf } from "../core/words/trouble.ts";
export { type Deadline, type InTime, inTime, underSignal, within } from "../lib/deadline.ts";
export { type Redact, redactor } from "../lib/redact.ts";
export { storable } from "../lib/storable.ts";
