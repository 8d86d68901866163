import type { Json } from "../../../src/core/words/json.ts";

/** What a sample service knows, as plain JSON: maps within maps, so that a part can be patched. */
export type State = { readonly [key: string]: Json };

/** A merge patch (RFC 7386): parts are put in, `null` takes one away, lists are replaced whole. */
export type Patch = State;

/** A request as a route sees it. */
export interface Asked {
  readonly state: State;
  /** Words of the path, by the names of the route. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, Json>>;
}

export interface Answer {
  /** Default 200. */
  readonly status?: number;
  /** A text is sent as it is (text/plain); anything else as JSON. */
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  /** What becomes of the state. */
  readonly set?: Patch;
  /** `set` is taken back after so many seconds, unless it is set anew before. */
  readonly seconds?: number;
}

/** `GET /admin/breakers/{name}`, and what it answers. */
export interface Route {
  readonly on: string;
  answer(asked: Asked): Answer;
}

/** A port of the service: what one or several connections of diagbot.yaml point at. */
export interface Face {
  readonly connections: readonly string[];
  /** A header without which every answer is 401. */
  readonly key?: { readonly header: string; readonly value: string };
  readonly routes: readonly Route[];
}

/** A figure, or how it follows from the state. */
export type Figure = number | ((state: State) => number);

/** One series of the page of metrics. A histogram's requests all take `takes` seconds. */
export type Metric = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
} & (
  | { readonly type: "gauge"; readonly value: Figure }
  | { readonly type: "counter"; readonly perSecond: Figure }
  | { readonly type: "histogram"; readonly perSecond: Figure; readonly takes: Figure }
);

/** How a program of the machine ended. */
export interface Ran {
  /** A text as it is; anything else as JSON. */
  readonly out?: Json;
  readonly err?: string;
  /** Default 0. */
  readonly code?: number;
  readonly set?: Patch;
  readonly seconds?: number;
}

/** A program that only the sample machine has: what it answers to its words. */
export type Program = (args: readonly string[], state: State) => Ran;

/**
 * A sample service described by data: what it knows, what it answers, what it measures, and the programs beside it. State that
 * every service has besides: `down` (a face by name: true), `troubles` (`"<face> <path>"`: an answer in place of the route's,
 * `ms` later), `hidden` (names of metrics that are missing: true).
 */
export interface ServiceSpec {
  readonly state: State;
  readonly faces: Readonly<Record<string, Face>>;
  /** The face whose `/metrics` is the page of metrics. */
  readonly metricsOn: string;
  readonly metrics: readonly Metric[];
  /** By absolute path. */
  readonly programs: Readonly<Record<string, Program>>;
}
