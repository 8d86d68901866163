import {
  type Finding,
  FindingSchema,
  LONGEST_FINDING_ID,
  type RecordedFinding,
} from "../core/words/finding.ts";
import { redactDeep } from "../lib/redact.ts";
import { sha256 } from "../lib/sha256.ts";
import type { EngineDeps } from "./deps.ts";

/**
 * A runbook's finding as it is recorded. Its id is made of our words and names of others (`credentials:crm`, a container's
 * name): known secrets are taken out of it, what merely looks like one is not, and a long one is clipped.
 */
export function safeFinding(
  deps: Pick<EngineDeps, "redact" | "redactKnown">,
  finding: Finding,
): RecordedFinding {
  const id = clipId(deps.redactKnown(finding.id));
  const { remedies, ...rest } = FindingSchema.parse({ ...finding, id });
  return { ...redactDeep(rest, deps.redact), id, remedies };
}

const DIGEST = 12;

/** At most `LONGEST_FINDING_ID` characters; a digest of the whole id keeps clipped ones apart. The same id gives the same. */
export function clipId(id: string): string {
  if (id.length <= LONGEST_FINDING_ID) return id;
  const head = id.slice(0, LONGEST_FINDING_ID - DIGEST - 1).replace(/\p{Surrogate}/gu, "\ufffd");
  return `${head}~${sha256(id).slice(0, DIGEST)}`;
}
