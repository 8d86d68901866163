import { createServer } from "node:net";
import { pgbouncer } from "../../../src/sdk/index.ts";
import { startPgbouncer, whyNoPgbouncer } from "../../helpers/pgbouncer.ts";
import { until } from "../../helpers/until.ts";
import { listening } from "../../helpers/web-server.ts";
import type { Harness } from "../harness.ts";
import { endlessly, mute, nowhere } from "../servers.ts";

/** AuthenticationOk, ReadyForQuery, and a row without end: what pg waits for before it takes rows. */
const HELLO = Buffer.from([82, 0, 0, 0, 8, 0, 0, 0, 0, 90, 0, 0, 0, 5, 73]).toString("latin1");

/** A real PgBouncer; its servers need not be there. */
export const harness: Harness = {
  missing: whyNoPgbouncer(),
  start: async () => {
    const free = await nowhere();
    const bouncer = await startPgbouncer([`* = host=127.0.0.1 port=${free} user=app`]);
    const silent = await mute();
    const flooding = await listening(createServer((socket) => endlessly(socket, HELLO)));
    const at = (url: string) => ({ url });
    const elsewhere = (port: number) => at(bouncer.botUrl.replace(String(bouncer.port), String(port)));
    return {
      settings: at(bouncer.botUrl),
      read: pgbouncer.databases(),
      secrets: ["quite-secret-77", "wrong-secret-88"],
      failures: {
        unreachable: { settings: elsewhere(free), code: "target_unreachable" },
        denied: {
          settings: at(bouncer.botUrl.replace("quite-secret-77", "wrong-secret-88")),
          code: "target_auth",
        },
        "a user without the console": {
          settings: at(bouncer.urlOf("pgbouncer")),
          code: "target_auth",
        },
      },
      hang: { settings: elsewhere(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(pgbouncer.databases(), elsewhere(flooding.port)),
      foreign: async (name, run) => {
        // A startup packet ends its words with NUL; the bouncer cuts names at 63 bytes. One that is turned away knocks again.
        const isThere = async () =>
          (await bouncer.tell("SHOW DATABASES")).some((one) => one.name?.includes("diagbot-name"));
        await until(async () => {
          bouncer.knock(name.replaceAll("\u0000", ""));
          return isThere();
        });
        return run(pgbouncer.databases());
      },
      writes: {},
      stop: () => Promise.all([bouncer.stop(), silent.close(), flooding.close()]),
    };
  },
};
