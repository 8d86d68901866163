import { readFileSync } from "node:fs";
import { connect, Socket } from "node:net";
import type { Connection, ConnectionOptions, QueryError } from "mysql2";
import { DiagError } from "../../core/words/errors.ts";
import type { Address } from "./settings.ts";
import { type Row, textIn } from "./values.ts";

/** One session at the server. */
export interface Session {
  readonly id: number;
  readonly flavour: "mysql" | "mariadb";
  readonly version: string;
  /** What the driver reads from: of TLS the decrypted one. */
  readonly socket: Socket;
  /** One statement; values stand for `?`, quoted by the driver. Throws what the driver throws. */
  ask(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Ends it at once: what was sent and is not answered fails. */
  cut(): void;
  /** Says goodbye and ends it. */
  end(): void;
  isOpen(): boolean;
}

/** How far a session is that is being made; milliseconds since its beginning, null: not yet (of a Unix socket: never). */
export interface Progress {
  dnsMs: number | null;
  tcpMs: number | null;
}

/** Escaped text is read as it was meant whatever the server's sql_mode is, InnoDB's local times meet a NOW() of the same zone, and looking joins no queue for long. */
const SETUP =
  "SET SESSION sql_mode = '', time_zone = 'SYSTEM', lock_wait_timeout = 1, innodb_lock_wait_timeout = 1";

/** A session from scratch. `cut` is called with what ends it while it is being made. Throws what the driver throws. */
export async function openSession(
  at: Address,
  progress: Progress = { dnsMs: null, tcpMs: null },
  onCut: (cut: () => void) => void = () => {},
): Promise<Session> {
  const { createConnection } = (await import("mysql2")).default;
  const begun = performance.now();
  const socket = at.socket === undefined ? connect(at.port, at.host) : connect(at.socket);
  socket.setNoDelay(true).setKeepAlive(true, 10_000);
  socket.once("lookup", () => {
    progress.dnsMs = performance.now() - begun;
  });
  if (at.socket === undefined)
    socket.once("connect", () => {
      progress.tcpMs = performance.now() - begun;
    });
  const connection = createConnection(optionsFor(at, socket));
  // What breaks an idle session is told to whoever asks next; without a listener it would end the process.
  connection.on("error", () => {});
  const cut = () => {
    socket.destroy();
    connection.destroy();
  };
  onCut(cut);
  try {
    await Promise.race([connected(connection), speaksMysql(socket)]);
    const ask = asker(connection);
    await ask(SETUP);
    const [row = {}] = await ask(
      "SELECT VERSION() AS version, CONNECTION_ID() AS id, @@version_comment AS comment",
    );
    const version = textIn(row, "version");
    return {
      id: Number(row.id),
      version,
      flavour: /mariadb/i.test(`${version} ${textIn(row, "comment")}`) ? "mariadb" : "mysql",
      socket: readFrom(connection, socket),
      ask,
      cut,
      end: () => connection.end(() => socket.destroy()),
      isOpen: () => !socket.destroyed && !readFrom(connection, socket).destroyed,
    };
  } catch (thrown) {
    cut();
    throw thrown;
  }
}

/** The driver puts the encrypted socket in the place of the one it was given; its types do not show it. */
function readFrom(connection: Connection, plain: Socket): Socket {
  const { stream } = connection as unknown as { readonly stream?: unknown };
  return stream instanceof Socket ? stream : plain;
}

const connected = (connection: Connection): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.connect((error: QueryError | null) => (error === null ? resolve() : reject(error)));
  });

/** The server speaks first: a packet with number 0 that is its greeting (10) or an error (255). Never resolves. */
const speaksMysql = (socket: Socket): Promise<never> =>
  new Promise((_resolve, reject) => {
    let head = Buffer.alloc(0);
    const look = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk.subarray(0, 5)]);
      if (head.length < 5) return;
      socket.off("data", look);
      if (head[3] === 0 && (head[4] === 10 || head[4] === 255)) return;
      const begins = head.toString("latin1").replace(/[^\x20-\x7e]/g, ".");
      reject(
        new DiagError(
          "target_error",
          `MySQL: what answers is not its protocol (begins with ${JSON.stringify(begins)})`,
          {
            detail: "not-mysql",
          },
        ),
      );
      socket.destroy();
    };
    socket.on("data", look);
  });

const asker =
  (connection: Connection): Session["ask"] =>
  (sql, values = []) =>
    new Promise((resolve, reject) => {
      connection.query({ sql, values: [...values] }, (error, rows) => {
        if (error) reject(error);
        else resolve(Array.isArray(rows) ? (rows as Row[]) : [rows as unknown as Row]);
      });
    });

/** Throws the error of `ssl-ca` where it cannot be read. */
function optionsFor(at: Address, socket: Socket): ConnectionOptions {
  const ssl =
    at.tls === "DISABLED"
      ? {}
      : {
          ssl: {
            rejectUnauthorized: at.tls !== "REQUIRED",
            verifyIdentity: at.tls === "VERIFY_IDENTITY",
            ...(at.ca === undefined ? {} : { ca: readFileSync(at.ca, "utf8") }),
          },
        };
  return {
    host: at.host,
    port: at.port,
    user: at.user,
    password: at.password,
    ...(at.database === "" ? {} : { database: at.database }),
    // A function: the driver would otherwise read from a socket that already has its listeners.
    stream: () => socket,
    // Bounded by whoever opens it, who knows how far it came.
    connectTimeout: 0,
    dateStrings: true,
    charset: "utf8mb4",
    // No file of ours is ever sent to a server that asks for one.
    flags: ["-LOCAL_FILES"],
    connectAttributes: { program_name: "diagbot" },
    ...ssl,
  };
}
