import type { Caller } from "./caller.ts";
import type { ApprovalId, IncidentId, RunId } from "./ids.ts";

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
  | { readonly do: "changes"; readonly system: string }
  | {
      readonly do: "cancel";
      readonly run: RunId;
      /** Every run of its thread. */
      readonly all?: true;
    }
  | {
      readonly do: "close";
      readonly incident?: IncidentId;
      /** A message of its thread. */
      readonly message?: { readonly channel: string; readonly ts: string };
      readonly reason: string;
    }
  | {
      readonly do: "ack";
      readonly incident?: IncidentId;
      /** A message of its thread. */
      readonly message?: { readonly channel: string; readonly ts: string };
      readonly words: string;
    }
  | {
      readonly do: "postmortem";
      readonly incident?: IncidentId;
      /** A message of its thread. */
      readonly message?: { readonly channel: string; readonly ts: string };
    }
  | {
      readonly do: "checklist";
      readonly id: string;
      readonly incident?: IncidentId;
      /** A message of its thread. */
      readonly message?: { readonly channel: string; readonly ts: string };
    }
  | {
      readonly do: "tick";
      readonly incident: IncidentId;
      readonly checklist: string;
      /** From 1 on. */
      readonly item: number;
      readonly done: boolean;
      /** What the item asks for. */
      readonly said?: string;
    }
  | { readonly do: "guide"; readonly words: readonly string[] }
  | {
      readonly do: "freeze";
      readonly forMs?: number;
      readonly reason: string;
      /** This one only; absent: all. */
      readonly system?: string;
      /** It is in maintenance. */
      readonly quiet?: true;
    }
  | { readonly do: "unfreeze"; readonly sure: boolean; readonly system?: string }
  /** What is frozen or in maintenance now. */
  | { readonly do: "freezes" }
  | { readonly do: "auto"; readonly system?: string }
  | { readonly do: "set-auto"; readonly system: string; readonly on: boolean; readonly reason: string }
  | {
      readonly do: "stop-auto";
      readonly run?: RunId;
      /** The card whose button was clicked, and where it stands. */
      readonly approval?: ApprovalId;
      readonly place?: { readonly channel: string; readonly ts: string };
    }
  | { readonly do: "pending"; readonly system?: string }
  | { readonly do: "open"; readonly incident: IncidentId }
  | { readonly do: "storm"; readonly words: readonly string[] };

/** Names a subcommand may tell from other words. */
export interface Known {
  readonly systems: readonly string[];
  /** Those of them with an Alertmanager. */
  readonly alerting: readonly string[];
}

/** One `/diag` subcommand. `plan` is pure; it throws DiagError `usage` with a sentence that helps. */
export interface Command {
  readonly name: string;
  /** After `/diag `, e.g. `cancel <run>`. */
  readonly usage: string;
  readonly summary: string;
  plan(words: readonly string[], caller: Caller, known?: Known): Intent;
}
