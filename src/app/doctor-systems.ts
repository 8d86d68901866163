import type { DoctorCheck } from "../cli/deps.ts";
import { gapOf, kindNamed } from "../core/rules/connections.ts";
import type { Connection } from "../core/words/connection.ts";
import type { ConnectionCheck, Connector } from "../core/words/connector.ts";
import { toDiagError } from "../core/words/errors.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { System } from "../core/words/system.ts";

const PATIENCE_MS = 10_000;

/** What every connection of the systems lacks, in the order of diagbot.yaml; all are asked at once, 10 s each. Looks only. */
export async function checkSystems(
  systems: readonly System[],
  kinds: readonly ConnectionKind[],
): Promise<DoctorCheck[]> {
  const asked = systems.flatMap(({ id, connections }) =>
    Object.entries(connections).map(async ([name, connection]) => {
      const found = await checkConnection(connection, kinds);
      return found.map((check) => ({ ...check, name: `${id}/${name} ${check.name}` }));
    }),
  );
  return (await Promise.all(asked)).flat();
}

async function checkConnection(
  connection: Connection,
  kinds: readonly ConnectionKind[],
): Promise<readonly ConnectionCheck[]> {
  const kind = kindNamed(kinds, connection.kind);
  if (kind === undefined) return [];
  const gap = gapOf(kind, connection);
  const none: ConnectionCheck[] = gap === undefined ? [] : [{ name: "kind", state: "warning", detail: gap }];
  const connector = kind.connector ?? (connection.face.endpoint === undefined ? undefined : byAddress(kinds));
  return connector?.check === undefined ? none : [...(await ask(connector, connection)), ...none];
}

/** The connector that asks anything that has an address. */
const byAddress = (kinds: readonly ConnectionKind[]): Connector | undefined =>
  kinds.find(({ connector }) => connector?.actions.some(({ needs }) => needs === "endpoint"))?.connector;

async function ask(connector: Connector, connection: Connection): Promise<readonly ConnectionCheck[]> {
  const client = connector.open(connection);
  const context = {
    signal: AbortSignal.timeout(PATIENCE_MS),
    timeoutMs: PATIENCE_MS,
    connection: connection.face,
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
