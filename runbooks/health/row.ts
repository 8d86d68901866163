import type { ConnectionFace, HealthTrouble, HealthWord } from "../../src/sdk/index.ts";
import { sayPlace, withHost } from "../network/endpoints.ts";

/** One component in the matrix; `trouble` where something is wrong with it. */
export interface Row {
  /** Name of the connection, with its part where it has several: `machine/disk`. */
  readonly name: string;
  readonly place: string;
  readonly kind: string;
  readonly word: string;
  readonly trouble?: HealthTrouble;
  /** All that is known of it is that its port takes a connection. */
  readonly isOnlyReached: boolean;
}

/** What a component's kind says of it, as a row. */
export function rowOf(face: ConnectionFace, part: string, said: HealthWord, isOnlyReached = false): Row {
  const row = { name: partName(face, part), place: sayPlace(face), kind: face.kind, isOnlyReached };
  if (typeof said === "string") return { ...row, word: `${isOnlyReached ? "reachable" : "ok"}, ${said}` };
  return { ...row, word: said.word, trouble: { ...said, next: withHost(said.next, face) } };
}

/** `machine/disk`; the connection's name for the component as a whole. Steps have the same names. */
export const partName = ({ name }: ConnectionFace, part: string): string =>
  part === "" ? name : `${name}/${part}`;
