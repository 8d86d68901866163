import { facts } from "../../core/words/evidence.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { FOLLOWS_FROM_INTRUSION } from "./compromised.ts";
import { failuresIn } from "./failure.ts";

/** Redis cannot be asked, or refuses what it is asked. */
export const redisTrouble: TroubleOf = (seen) =>
  failuresIn(seen).map(({ id, severity, title, because, advice, error, damage }) => ({
    ...{ id, severity, title, because, ...(damage === undefined ? {} : { damage }) },
    evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
    explains: EXPLAINS[id] ?? [],
    // What is only how a cluster works is not to be repaired.
    remedy:
      severity === "info"
        ? { key: "recover", title: "Ask it as it wants to be asked", risk: "low", advice }
        : { key: "recover", title: TITLES[id] ?? "Get Redis back", risk: "high", advice },
  }));

const EXPLAINS: Readonly<Record<string, readonly string[]>> = {
  compromised: FOLLOWS_FROM_INTRUSION,
  busy: ["slow-commands", "slow-answers", "cpu-bound"],
  misconf: ["saving-fails"],
};

const TITLES: Readonly<Record<string, string>> = {
  compromised: "Isolate it, keep the evidence, build it anew",
};
