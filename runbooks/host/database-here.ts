import type { host, postgres } from "../../src/sdk/index.ts";

/** What was asked of the system's Postgres, and whether what it names is on this machine. */
export interface DatabaseSeen {
  readonly database?: postgres.Sizes | undefined;
  readonly replication?: postgres.Replication | undefined;
  readonly whereabouts?: host.Whereabouts | undefined;
}

/** Paths of the data folder that are looked for on the machine. */
export const pathsOf = (dataFolder: string): string[] => [dataFolder, `${dataFolder}/pg_wal`];

/** The path of the server as it is on this machine; undefined: it is not here. In a container the server's paths are its own. */
export function hereOf(path: string, { whereabouts }: DatabaseSeen): string | undefined {
  const one = whereabouts?.places.find((each) => each.path === path);
  return one?.is === "absent" ? undefined : (one?.real ?? path);
}
