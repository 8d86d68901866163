import type { Document, MongoClient as Driver, MongoClientOptions } from "mongodb";
import type { ActionContext, WriteContext } from "../../core/words/action.ts";
import { underSignal, within } from "../../lib/deadline.ts";
import { refused } from "../before-effect.ts";
import { stopped } from "../reach.ts";
import { toMongoError } from "./errors.ts";
import { boundMessages } from "./message-bound.ts";
import type { MongoSettings } from "./settings.ts";

/** One deployment. Answers of commands are documents of at most 16 MiB, and the driver refuses longer messages. */
export interface MongoClient {
  readonly settings: MongoSettings;
  /**
   * One command that only looks, with a time limit the server keeps, too (`maxTimeMS`). Throws DiagError. The primary is
   * asked where there is one, unless the URL says otherwise; with `from` nobody else.
   */
  look(database: string, command: Document, context: ActionContext, from?: From): Promise<Document>;
  /** The first documents of a command with a cursor, and whether there are more; the cursor is closed. */
  list(database: string, command: Document, context: ActionContext, from?: From): Promise<Listed>;
  /**
   * One command that changes something: sent to the primary (or the one server the URL names), never again by the driver.
   * What it rests on has to be read `from` there, too. `ms`: what it may take on the server; undefined: it takes no time.
   */
  change(database: string, command: Document, context: WriteContext, ms?: number): Promise<Document>;
  close(): Promise<void>;
}

/** Numbers of operations and what a profiler records are each server's own. */
type From = "primary";

export interface Listed {
  readonly documents: readonly Document[];
  readonly more: boolean;
}

/** Without a server for so long, nothing is asked any more. */
const SELECT_MS = 4_000;
const MOST_LOOK_MS = 10_000;
const NAME = "diagbot";

/**
 * Opens without I/O; the driver is loaded and connects at the first command. It keeps one connection that watches each
 * server, and at most four more, closed after half a minute without use. mongodb.com/docs/drivers/node/current/connect.
 */
export function openMongo(settings: MongoSettings): MongoClient {
  const closing = new AbortController();
  const target = hostsOf(settings.url);
  let opened: Promise<Driver> | undefined;
  // Shared, and made anew after a failure: while one call connects in vain, the driver tells the others only that it is closed.
  const driver = (): Promise<Driver> => {
    const opening = opened ?? connect(settings.url);
    opened = opening;
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };

  async function send(
    database: string,
    command: Document,
    context: ActionContext,
    from?: From,
  ): Promise<Document> {
    const begun = performance.now();
    const late = () => stopped(context.signal, "answer", target, performance.now() - begun);
    const work = async (signal: AbortSignal): Promise<Document> => {
      const db = (await driver()).db(database);
      return await db.command(command, { signal, ...(from === undefined ? {} : { readPreference: from }) });
    };
    try {
      return await underSignal({ until: [context.signal, closing.signal] }, (signal) =>
        within(work(signal), { ms: context.timeoutMs, signal, late: () => expired(context, late) }),
      );
    } catch (thrown) {
      if (context.signal.aborted) throw late();
      throw toMongoError(thrown, target);
    }
  }

  const look: MongoClient["look"] = (database, command, context, from) =>
    send(database, { ...command, maxTimeMS: limitFor(context) }, context, from);

  return {
    settings,
    look,
    list: async (database, command, context, from) => {
      const answer = await look(database, command, context, from);
      const {
        firstBatch = [],
        id,
        ns,
      } = answer.cursor as { firstBatch?: Document[]; id: unknown; ns: string };
      const isOpen = id !== undefined && String(id) !== "0";
      // Best effort: it ends by itself after ten minutes.
      if (isOpen)
        await send(
          database,
          { killCursors: ns.slice(ns.indexOf(".") + 1), cursors: [id] },
          context,
          from,
        ).catch(() => {});
      return { documents: firstBatch, more: isOpen };
    },
    change: async (database, command, context, ms) => {
      if (context.remainingMs() < 1_000 + (ms ?? 0)) throw refused("too little time is left");
      return send(database, ms === undefined ? command : { ...command, maxTimeMS: ms }, context, "primary");
    },
    close: async () => {
      closing.abort(new Error("the client was closed"));
      // One that still connects ends by itself, and is closed then.
      await opened?.then((client) => client.close()).catch(() => {});
    },
  };
}

async function connect(url: string): Promise<Driver> {
  const { MongoClient: Client } = await import("mongodb");
  boundMessages();
  const client = new Client(url, optionsFor(url));
  try {
    return await client.connect();
  } catch (thrown) {
    await client.close().catch(() => {});
    throw thrown;
  }
}

const limitFor = ({ timeoutMs }: ActionContext): number =>
  Math.max(100, Math.min(MOST_LOOK_MS, Math.floor(timeoutMs - 500)));

/** The step's own limit has passed, and nobody stopped it: its signal may be about to fire. */
function expired(context: ActionContext, late: () => Error): Error {
  if (context.signal.aborted) return late();
  return stopped(
    AbortSignal.abort(new DOMException("", "TimeoutError")),
    "answer",
    "MongoDB",
    context.timeoutMs,
  );
}

/** What the URL leaves open. A single host without a set's name is asked itself, whatever it is: primary, secondary or neither. */
export function optionsFor(address: string): MongoClientOptions {
  const says = (name: string): boolean => new RegExp(`[?&]${name}=`, "i").test(address);
  const isOne = /^mongodb:/i.test(address) && !hostsOf(address).includes(",");
  const isDirect = isOne && !["replicaSet", "directConnection", "loadBalanced"].some(says);
  return {
    appName: NAME,
    maxPoolSize: 4,
    minPoolSize: 0,
    maxIdleTimeMS: 30_000,
    serverSelectionTimeoutMS: SELECT_MS,
    connectTimeoutMS: SELECT_MS,
    socketTimeoutMS: 130_000,
    waitQueueTimeoutMS: MOST_LOOK_MS,
    retryReads: false,
    retryWrites: false,
    ...(says("readPreference") ? {} : { readPreference: "primaryPreferred" as const }),
    ...(isDirect ? { directConnection: true } : {}),
  };
}

/** The hosts of the URL as they stand there, for messages. */
export const hostsOf = (address: string): string =>
  /^mongodb(?:\+srv)?:\/\/(?:[^@/?]*@)?([^/?]*)/i.exec(address)?.[1] ?? "MongoDB";
