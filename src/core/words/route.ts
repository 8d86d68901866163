import type { Alert } from "./alert.ts";
import type { System } from "./system.ts";

/** One condition of a route on a label or an annotation; one that is missing counts as the empty text, as in Alertmanager. */
export interface Matcher {
  readonly of: "label" | "annotation";
  readonly name: string;
  readonly operator: "=" | "!=" | "=~" | "!~";
  readonly value: string;
  /** As it was written, put right: `severity!="none"`. */
  readonly text: string;
  /** Whether the value of its label or annotation fits. */
  test(value: string): boolean;
  /** Every value it takes, where they are few; undefined: many. */
  readonly choices: readonly string[] | undefined;
}

/** A line of `routes:` in diagbot.yaml: what becomes of the alerts that fit all its matchers. What is absent stays as it was. */
export interface Route {
  /** From 1, in the order of the file. */
  readonly number: number;
  /** None: it takes every alert. */
  readonly match: readonly Matcher[];
  readonly system?: string | undefined;
  readonly channel?: string | undefined;
  readonly severity?: string | undefined;
  /** Opened with the incident. */
  readonly checklist?: string | readonly string[] | undefined;
  /** Empty: nothing is run (`runbook: none`). */
  readonly runbooks?: readonly string[] | undefined;
  /** Of its runbooks; a kind of connection as the name chooses one. As written, checked against the runbooks. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** What a route looks at. */
export interface RoutedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Who says which runbooks an alert starts. `nobody`: the health matrix looks, where nothing else of its group is run.
 * `heartbeat` and `no-data`: it is about the alerting, so nothing is run on the system.
 */
export type DecidedBy = "route" | "annotation" | "name" | "nobody" | "heartbeat" | "no-data";

/** What one alert asks for. */
export interface Decision {
  readonly alert: Alert;
  readonly route?: Route;
  readonly system?: System;
  readonly by: DecidedBy;
  /** Ids, in the order they are tried; empty where nobody decides or a route says `none`. */
  readonly runbooks: readonly string[];
}
