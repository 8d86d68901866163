import type { ConnectionFace, Finding, RunContext } from "../../src/sdk/index.ts";
import { sayPlace, withHost } from "../network/endpoints.ts";

export interface Limits {
  readonly slowSeconds: number;
  readonly thresholds: RunContext["thresholds"];
}

/** One component in the matrix; `trouble` where something is wrong with it. */
export interface Row {
  /** Name of the connection, with its part where it has several: `machine/disk`. */
  readonly name: string;
  readonly place: string;
  readonly kind: string;
  readonly word: string;
  readonly trouble?: Trouble;
}

export interface Trouble {
  /** A few words for the table and the title. */
  readonly word: string;
  readonly because: string;
  readonly severity: Finding["severity"];
  /** What a human does now; empty: nothing to add. */
  readonly next: string;
  /** Lines shown below the finding, e.g. the beginning of the answer. */
  readonly excerpt?: string;
  readonly parts?: readonly { readonly name: string; readonly status: string }[];
}

/** A component that is fine; `detail` says what was seen. */
export const line = (face: ConnectionFace, word: "ok", detail: string, part = ""): Row => ({
  name: partName(face, part),
  place: sayPlace(face),
  kind: face.kind,
  word: `${word}, ${detail}`,
});

export const trouble = (face: ConnectionFace, part: string, what: Trouble): Row => ({
  name: partName(face, part),
  place: sayPlace(face),
  kind: face.kind,
  word: what.word,
  trouble: { ...what, next: withHost(what.next, face) },
});

/** `machine/disk`; the connection's name for the component as a whole. Steps have the same names. */
export const partName = ({ name }: ConnectionFace, part: string): string =>
  part === "" ? name : `${name}/${part}`;

/** `3.2 ms`, `150 ms`. */
export const sayMs = (milliseconds: number): string =>
  `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
