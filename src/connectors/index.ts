import type { ConnectionKind } from "../core/words/kind.ts";
import * as list from "./kinds.ts";

/** Names of the kinds in the list. */
export type KindName = (typeof list)[keyof typeof list]["kind"]["name"];

/** Every kind of connection that comes with diagbot. */
export const kinds: readonly ConnectionKind<KindName>[] = Object.values(list).map(({ kind }) => kind);
