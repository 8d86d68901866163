import { count } from "../../core/words/format.ts";
import type { HealthTrouble, HealthWord } from "../../core/words/health.ts";
import type { BouncerState } from "./actions/state.ts";

/** What the bouncer says of itself. Whether its servers answer is `pgbouncer-pools`' to say. Pure. */
export function judgeState({ state, clients, maxClients }: BouncerState): HealthWord {
  if (state === "paused" || state === "suspended")
    return critical(
      state,
      "PAUSE or SUSPEND was given to the whole bouncer: every client waits until somebody gives RESUME.",
      "Ask who paused it; RESUME on the console.",
    );
  if (maxClients > 0 && clients >= maxClients)
    return critical(
      "takes no more clients",
      `${clients} of max_client_conn = ${maxClients} are connected.`,
      "Run pgbouncer-pools.",
    );
  return `console, ${count(clients, "client")}`;
}

const critical = (word: string, because: string, next: string): HealthTrouble => ({
  ...{ word, because, next },
  severity: "critical",
});
