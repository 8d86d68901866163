import type { SystemSpec } from "./spec.ts";
import { aiSaas } from "./specs/ai-saas.ts";
import { resync } from "./specs/resync.ts";
import { sergasAccounts } from "./specs/sergas-accounts.ts";
import { sergasAgents } from "./specs/sergas-agents.ts";
import { tektra } from "./specs/tektra.ts";

/** The systems of docs/examples that the try-out can show. */
export const SYSTEMS: readonly SystemSpec[] = [aiSaas, resync, sergasAccounts, sergasAgents, tektra];

/** The system of that name. Throws with the names there are. */
export function systemSpec(id: string): SystemSpec {
  const found = SYSTEMS.find((spec) => spec.id === id);
  if (found !== undefined) return found;
  throw new Error(`there is no system ${id} to show; there are ${SYSTEMS.map((one) => one.id).join(", ")}`);
}
