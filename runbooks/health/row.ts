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
}

/** What a component's kind says of it, as a row. */
export function rowOf(face: ConnectionFace, part: string, said: HealthWord): Row {
  const row = { name: partName(face, part), place: sayPlace(face), kind: face.kind };
  if (typeof said === "string") return { ...row, word: `ok, ${said}` };
  return { ...row, word: said.word, trouble: { ...said, next: withHost(said.next, face) } };
}

/** `machine/disk`; the connection's name for the component as a whole. Steps have the same names. */
export const partName = ({ name }: ConnectionFace, part: string): string =>
  part === "" ? name : `${name}/${part}`;
