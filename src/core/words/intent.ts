import type { Caller } from "./caller.ts";
import type { IncidentId, RunId } from "./ids.ts";

/** The runbook of `/diag <system>` and of alerts that name no other. */
export const HEALTH_RUNBOOK = "service-health";

/** What a person asked for, before anyone has checked that it can be done. Made by commands/, carried out at the door. */
export type Intent =
  | { readonly do: "form" }
  | {
      readonly do: "run";
      readonly system: string;
      readonly runbook: string;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly do: "help"; readonly topic?: string }
  | { readonly do: "list"; readonly system?: string }
  | { readonly do: "status"; readonly run?: RunId }
  | { readonly do: "history"; readonly system: string }
  | { readonly do: "cancel"; readonly run: RunId }
  | {
      readonly do: "close";
      readonly incident?: IncidentId;
      /** A message of its thread. */
      readonly message?: { readonly channel: string; readonly ts: string };
      readonly reason: string;
    }
  | { readonly do: "freeze"; readonly forMs?: number; readonly reason: string }
  | { readonly do: "unfreeze"; readonly sure: boolean }
  | { readonly do: "pending"; readonly system?: string }
  | { readonly do: "open"; readonly incident: IncidentId }
  | { readonly do: "storm"; readonly words: readonly string[] };

/** One `/diag` subcommand. `plan` is pure; it throws DiagError `usage` with a sentence that helps. */
export interface Command {
  readonly name: string;
  /** After `/diag `, e.g. `cancel <run>`. */
  readonly usage: string;
  readonly summary: string;
  plan(words: readonly string[], caller: Caller): Intent;
}
