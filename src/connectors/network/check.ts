import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { presentedCertificate } from "./certificate.ts";
import { type NetworkClient, sayEndpoint } from "./client.ts";
import { connectAll } from "./connect.ts";

const CONNECT_MS = 3_000;
const LISTEN_MS = 200;

/** Whether the address takes connections and, with TLS, shows a certificate for its name. */
export async function checkNetwork(
  client: NetworkClient,
  context: ActionContext,
): Promise<ConnectionCheck[]> {
  const endpoint = client.endpoint();
  const { attempts } = await connectAll(client, { timeoutMs: CONNECT_MS, listenMs: LISTEN_MS }, context);
  const closed = attempts.filter(({ isOpen }) => !isOpen).map(({ address }) => address);
  const reach: ConnectionCheck = {
    name: "reach",
    state: closed.length === 0 ? "ok" : "warning",
    detail: `${sayEndpoint(endpoint)} takes connections${closed.length === 0 ? "" : `, but not at ${closed.join(", ")}`}`,
  };
  if (!endpoint.tls) return [reach];
  const { matchesHost, verdict, names, isTooOld, protocol } = await presentedCertificate(client, context);
  const name = matchesHost ? undefined : `it is for ${names.join(", ") || "nobody"}`;
  const why = name ?? verdict ?? (isTooOld ? `${protocol} is too old` : undefined);
  return [
    reach,
    why === undefined
      ? { name: "certificate", state: "ok", detail: "is trusted" }
      : { name: "certificate", state: "warning", detail: `is not trusted: ${why}`, fix: "run tls-expiry" },
  ];
}
