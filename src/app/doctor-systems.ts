import type { DoctorCheck } from "../cli/deps.ts";
import { connectors } from "../connectors/index.ts";
import type { ConnectionCheck, Connector } from "../core/words/action.ts";
import { type Connection, endpointOf, faceOf } from "../core/words/connection.ts";
import { toDiagError } from "../core/words/errors.ts";
import type { System } from "../core/words/system.ts";

const PATIENCE_MS = 10_000;

/** What every connection of the systems lacks, in the order of diagbot.yaml; all are asked at once, 10 s each. Looks only. */
export async function checkSystems(
  systems: readonly System[],
  known: readonly Connector[] = connectors,
): Promise<DoctorCheck[]> {
  const asked = systems.flatMap(({ id, connections }) =>
    Object.entries(connections).map(async ([name, connection]) => {
      const found = await checkConnection(name, connection, known);
      return found.map((check) => ({ ...check, name: `${id}/${name} ${check.name}` }));
    }),
  );
  return (await Promise.all(asked)).flat();
}

async function checkConnection(
  name: string,
  connection: Connection,
  known: readonly Connector[],
): Promise<readonly ConnectionCheck[]> {
  const own = known.find(({ needs }) => needs === connection.kind);
  const connector = own ?? known.find(({ needs }) => needs === "endpoint");
  const none: ConnectionCheck = {
    name: "kind",
    state: "warning",
    detail: `no runbook looks into a ${connection.kind} connection yet`,
  };
  const isSeen = own !== undefined || connection.kind === "tcp";
  if (connector?.check === undefined || (own === undefined && endpointOf(connection) === undefined))
    return isSeen ? [] : [none];
  const reached = await ask(connector, name, connection);
  return isSeen ? reached : [...reached, none];
}

async function ask(
  connector: Connector,
  name: string,
  connection: Connection,
): Promise<readonly ConnectionCheck[]> {
  const client = connector.open(connection);
  const context = {
    signal: AbortSignal.timeout(PATIENCE_MS),
    timeoutMs: PATIENCE_MS,
    connection: faceOf(name, connection),
  };
  try {
    return (await connector.check?.(client, context)) ?? [];
  } catch (thrown) {
    const { message, hint } = toDiagError(thrown, "target_error");
    return [
      { name: "reach", state: "missing", detail: message, ...(hint === undefined ? {} : { fix: hint }) },
    ];
  } finally {
    await connector.close(client).catch(() => {});
  }
}
