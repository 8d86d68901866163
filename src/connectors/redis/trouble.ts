import { facts } from "../../core/words/evidence.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { failuresIn } from "./failure.ts";

/** Redis cannot be asked, or refuses what it is asked. */
export const redisTrouble: TroubleOf = (seen) =>
  failuresIn(seen).map(({ id, title, because, advice, error }) => ({
    id,
    severity: "critical",
    title,
    because,
    evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
    remedy: { key: "recover", title: "Get Redis back", risk: "high", advice },
  }));
