import type { ConnectionFace, host, postgres } from "../../src/sdk/index.ts";

/** What was asked of the system's Postgres, and whether what it names is on this machine. */
export interface DatabaseSeen {
  readonly database?: postgres.Sizes | undefined;
  readonly replication?: postgres.Replication | undefined;
  readonly whereabouts?: host.Whereabouts | undefined;
}

const isLoopback = (name: string): boolean =>
  name === "localhost" || name === "::1" || name.startsWith("127.") || name.startsWith("/");

/**
 * Which of a system's databases may lie on this machine: the one at its address, or else one whose address does not say. What
 * diagbot reaches at its own loopback lies on diagbot's machine, and on no other. Pure.
 */
export function databaseOf(
  connections: readonly ConnectionFace[],
  machine: ConnectionFace | undefined,
): ConnectionFace | undefined {
  const isLocal = machine?.about?.local === true;
  const address = String(machine?.about?.machine ?? "").toLowerCase();
  const databases = connections.filter(({ kind }) => kind === "postgres");
  const at = ({ endpoint }: ConnectionFace) => (endpoint?.host ?? "/").toLowerCase();
  const isHere = (one: ConnectionFace) => (isLocal ? isLoopback(at(one)) : at(one) === address);
  return databases.find(isHere) ?? databases.find((one) => isLocal || !isLoopback(at(one)));
}

/** Paths of the data folder that are looked for on the machine. */
export const pathsOf = (dataFolder: string): string[] => [dataFolder, `${dataFolder}/pg_wal`];

/** The path of the server as it is on this machine; undefined: it is not here. In a container the server's paths are its own. */
export function hereOf(path: string, { whereabouts }: DatabaseSeen): string | undefined {
  const one = whereabouts?.places.find((each) => each.path === path);
  return one?.is === "absent" ? undefined : (one?.real ?? path);
}
