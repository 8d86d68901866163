import { orUnseenWhere } from "../or-unseen.ts";
import { isNotGiven } from "./errors.ts";

export { told } from "../or-unseen.ts";

/** A privilege that is missing, or a table this product lacks. */
export const orUnseen = orUnseenWhere(isNotGiven);
