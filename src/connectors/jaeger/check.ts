import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { count, listed } from "../../core/words/format.ts";
import type { TraceClient } from "./client.ts";

/** Whether the store answers, and whether it knows the service of the connection. */
export async function checkTraces(client: TraceClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const all = await client.services(context);
  const { service } = client.settings;
  const reach: ConnectionCheck = {
    name: "reach",
    state: "ok",
    detail: `answers, ${count(all.length, "service")}`,
  };
  if (service === undefined || all.includes(service)) return [reach];
  return [
    reach,
    {
      name: "service",
      state: "missing",
      detail: `there are no traces of ${service}; there are some of ${listed(all, 5) || "nobody"}`,
      fix: "correct `service:` of the connection in diagbot.yaml",
    },
  ];
}
