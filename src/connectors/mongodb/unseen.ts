import type { DiagError } from "../../core/words/errors.ts";
import { orUnseenWhere } from "../or-unseen.ts";
import { NOT_GIVEN } from "./errors.ts";

export { told } from "../or-unseen.ts";

/** Whether the server says that the user may not ask, or that it has no such command. */
export const isNotGiven = ({ detail }: DiagError): boolean => detail !== undefined && NOT_GIVEN.has(detail);

export const orUnseen = orUnseenWhere(isNotGiven);
