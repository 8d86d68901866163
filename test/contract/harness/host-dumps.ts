import { rmSync } from "node:fs";
import { join } from "node:path";
import { host } from "../../../src/sdk/index.ts";
import type { DumpServer } from "../../helpers/dumps.ts";
import type { WriteCase } from "../harness.ts";

/** Dumps in a folder, restored on a server beside. */
export function dumpWrites(server: DumpServer, folder: string): Record<string, WriteCase> {
  const file = join(folder, "a.dump");
  const fresh = async () => {
    for (const { datname } of await server.admin<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE datname LIKE 'diagbot%'",
    ))
      await server.admin(`DROP DATABASE ${datname}`);
    server.dump("template1", file, "c");
  };
  const own = "diagbot_kept_0123abcd";
  return {
    "host.restore-copy": {
      prepare: async () => {
        await fresh();
        return host.restoreCopy({ name: "kept", file: "a.dump" });
      },
      spoil: async () => rmSync(file),
    },
    "host.drop-copy": {
      prepare: async () => {
        await fresh();
        await server.admin(`CREATE DATABASE ${own} OWNER rehearser`);
        await server.admin(`COMMENT ON DATABASE ${own} IS 'diagbot: whole tables=0 rows=0 errors=0'`);
        return host.dropCopy({ name: "kept", database: own });
      },
      spoil: () => server.admin(`COMMENT ON DATABASE ${own} IS NULL`),
    },
  };
}
