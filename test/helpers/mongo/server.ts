import { createServer, type Socket } from "node:net";
import { Binary, type Document } from "mongodb";
import { listening } from "../web-server.ts";
import { COMMANDS, Refusal } from "./commands.ts";
import { Scram } from "./scram.ts";
import { freshState, type MongoState } from "./state.ts";
import { type Request, readRequests } from "./wire.ts";

export interface EmulatedMongo {
  readonly port: number;
  readonly state: MongoState;
  /** Back to a fresh server, on the same port. */
  reset(): void;
  close(): Promise<void>;
}

const WITHOUT_LOGIN = new Set([
  "hello",
  "isMaster",
  "ismaster",
  "saslStart",
  "saslContinue",
  "ping",
  "endSessions",
]);

/**
 * An emulated MongoDB: none can be had where the tests run. It speaks the real protocol (OP_MSG, SCRAM-SHA-256) to the real driver,
 * holds operations, collections, indexes and profilers, and answers with the server's own error codes. Aggregation knows the few
 * stages diagbot sends.
 */
export async function emulatedMongo(): Promise<EmulatedMongo> {
  const state = freshState();
  let address = "";
  const server = await listening(
    createServer((socket) => {
      if (state.full) socket.destroy();
      else serve(socket, state, () => address);
    }),
  );
  address = `127.0.0.1:${server.port}`;
  return {
    port: server.port,
    state,
    reset: () => {
      const { asked: _asked, ...fresh } = freshState();
      Object.assign(state, fresh);
      state.asked.splice(0);
    },
    close: server.close,
  };
}

function serve(socket: Socket, state: MongoState, address: () => string): void {
  let isIn = false;
  const scram = new Scram(state.passwords);
  readRequests(socket, ({ command, database, answer }: Request) => {
    const [name = ""] = Object.keys(command);
    state.asked.push(name);
    try {
      const refused = state.refusals.get(name);
      if (refused !== undefined) throw new Refusal(refused.code, refused.codeName, refused.errmsg);
      if (Object.keys(state.passwords).length > 0 && !isIn && !WITHOUT_LOGIN.has(name))
        throw new Refusal(13, "Unauthorized", `Command ${name} requires authentication`);
      if (name === "saslStart" || name === "saslContinue") {
        const said = sasl(scram, name, command);
        isIn ||= said.done === true;
        answer({ ...said, ok: 1 });
        return;
      }
      const make = COMMANDS[name];
      if (make === undefined) throw new Refusal(59, "CommandNotFound", `no such command: '${name}'`);
      answer({ ...make({ state, address: address(), database, command }), ok: 1 });
    } catch (thrown) {
      const { code, codeName, message } =
        thrown instanceof Refusal ? thrown : new Refusal(8, "UnknownError", String(thrown));
      answer({ ok: 0, errmsg: message, code, codeName });
    }
  });
}

function sasl(scram: Scram, name: string, command: Document): Document {
  const said = Buffer.from((command.payload as Binary).buffer).toString();
  if (name === "saslStart")
    return { conversationId: 1, done: false, payload: new Binary(Buffer.from(scram.start(said))) };
  const finished = scram.finish(said);
  if (finished === undefined) throw new Refusal(18, "AuthenticationFailed", "Authentication failed.");
  return { conversationId: 1, done: true, payload: new Binary(Buffer.from(finished.proof)) };
}
