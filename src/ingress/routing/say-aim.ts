import type { System } from "../../core/words/system.ts";
import type { Aimed } from "./aim.ts";

/** What people are told of an alert that surely is about something else. */
export const sayUnseen = ({ id }: System, said: string): string =>
  `the alert is about ${said}; no connection of ${id} sees it, so nothing is looked at. If one does, name that under systems.${id}.aliases`;

/** Of one that may be. */
export const sayNone = ({ id }: System, said: string): string =>
  `the alert names ${said}, and no connection of ${id} is known to lead there, so all are looked at: one of them may be meant by another name (systems.${id}.aliases tells), or none`;

/** Of one that is about one of these, or of none of them. */
export const sayUnsure = ({ id }: System, said: string, connections: readonly Aimed[]): string =>
  `the alert names ${said}; whether that is ${connections.map(({ name }) => name).join(" or ")} is not known: systems.${id}.aliases tells`;
