import type pg from "pg";
import { PostgresSession } from "../lib/postgres-session.ts";
import type { Client, Pool } from "./pool.ts";

/** A statement that takes longer is looked into. */
const LOOK_AFTER_MS = 800;
const LOOK_EVERY_MS = 200;
/** So long our database has to answer anything at all. */
const ANSWER_MS = 1_500;

/**
 * Tells a slow database from a dead one: while statements take long, another connection asks it for a sign of life. Where
 * none comes, the connections in use are cut, so that whoever waits for them is told within 3 s, and nothing that was
 * refused is stored when it wakes up again. The answer to a COMMIT that was sent stays unknown, as ever.
 */
export function keepPulse(pool: Pool, connectionString: string): { stop(): Promise<void> } {
  const busySince = new Map<Client, number>();
  const pulse = createPulse(connectionString);
  let timer: NodeJS.Timeout | undefined;
  let asking = false;
  const look = async (): Promise<void> => {
    const late = () =>
      [...busySince]
        .filter(([, since]) => performance.now() - since > LOOK_AFTER_MS)
        .map(([client]) => client);
    if (asking || late().length === 0) return;
    asking = true;
    const suspects = late();
    const lives = await pulse.ask();
    asking = false;
    if (!lives) for (const client of suspects) if (busySince.has(client)) cut(client);
  };
  const rest = (client: Client): void => {
    busySince.delete(client);
    if (busySince.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  pool.on("acquire", (client) => {
    busySince.set(client, performance.now());
    timer ??= setInterval(() => void look(), LOOK_EVERY_MS);
  });
  pool.on("release", (_error, client) => rest(client));
  pool.on("remove", rest);
  return {
    stop: async () => {
      clearInterval(timer);
      await pulse.stop();
    },
  };
}

/** A connection of its own: in the pool the question would stand behind what it asks about. */
function createPulse(connectionString: string) {
  let connected: Promise<pg.Client> | undefined;
  const connect = async (): Promise<pg.Client> => {
    const client = new PostgresSession({
      connectionString,
      application_name: "diagbot-pulse",
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
    });
    await client.connect();
    return client;
  };
  const stop = async (): Promise<void> => {
    const before = connected;
    connected = undefined;
    // What never connected, or hangs, needs no farewell.
    const client = await before?.catch(() => undefined);
    if (client !== undefined) cut(client);
  };
  return {
    ask: async (): Promise<boolean> => {
      let timeout: NodeJS.Timeout | undefined;
      const late = new Promise<false>((resolve) => {
        // After a pause of our own the answer may be there already: it is read before this is said.
        timeout = setTimeout(() => setImmediate(() => resolve(false)), ANSWER_MS);
      });
      connected ??= connect();
      const asked = connected.then((client) => client.query("SELECT 1")).then(() => true);
      const lives = await Promise.race([asked, late]).catch(() => false);
      clearTimeout(timeout);
      asked.catch(() => {});
      if (!lives) void stop();
      return lives;
    },
    stop,
  };
}

/** `end` would wait for what has been sent. */
function cut(client: Client | pg.Client): void {
  if (client instanceof PostgresSession) client.cut();
}
