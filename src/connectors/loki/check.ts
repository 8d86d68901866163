import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { count } from "../../core/words/format.ts";
import type { LokiClient } from "./client.ts";
import { countStreams } from "./search.ts";

/** Whether Loki answers, and whether the labels of the connection select anything. */
export async function checkLoki(client: LokiClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const there = await countStreams(client, context);
  const reach: ConnectionCheck = { name: "reach", state: "ok", detail: "answers" };
  return [
    reach,
    there > 0
      ? { name: "labels", state: "ok", detail: count(there, "stream") }
      : {
          name: "labels",
          state: "missing",
          detail: "no stream of the last day has these labels",
          fix: "correct `labels:` of the connection in diagbot.yaml, or `X-Scope-OrgID` of its headers where it has tenants",
        },
  ];
}
