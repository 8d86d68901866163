import type { Socket } from "node:net";
import { BSON, type Document } from "mongodb";

const OP_QUERY = 2004;
const OP_REPLY = 1;
const OP_MSG = 2013;

/** A command as it came over the wire, and how it is to be answered. */
export interface Request {
  readonly command: Document;
  readonly database: string;
  answer(document: Document): void;
}

/**
 * Reads MongoDB's messages from a socket: OP_MSG, and the OP_QUERY that drivers begin with. Values keep their BSON types
 * (Long stays Long where it does not fit a number). mongodb.com/docs/manual/reference/mongodb-wire-protocol.
 */
export function readRequests(socket: Socket, take: (request: Request) => void): void {
  let pending = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 16 && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0);
      const message = pending.subarray(0, length);
      pending = pending.subarray(length);
      take(requestOf(socket, message));
    }
  });
  socket.on("error", () => {});
}

function requestOf(socket: Socket, message: Buffer): Request {
  const id = message.readInt32LE(4);
  const opcode = message.readInt32LE(12);
  if (opcode === OP_QUERY) {
    const end = message.indexOf(0, 20);
    const command = BSON.deserialize(message.subarray(end + 9));
    const database = message.subarray(20, end).toString().split(".")[0] ?? "admin";
    return { command, database, answer: (document) => reply(socket, id, document) };
  }
  const command = bodyOf(message);
  return {
    command,
    database: String(command.$db ?? "admin"),
    answer: (document) => msg(socket, id, document),
  };
}

/** Sections: 0 is the body, 1 a list of documents that belongs into it. */
function bodyOf(message: Buffer): Document {
  let at = 20;
  let body: Document = {};
  while (at < message.length) {
    const kind = message[at];
    const size = message.readInt32LE(at + 1);
    const section = message.subarray(at + 1, at + 1 + size);
    at += 1 + size;
    if (kind === 0) {
      body = { ...BSON.deserialize(section), ...body };
      continue;
    }
    const end = section.indexOf(0, 4);
    const documents: Document[] = [];
    for (let next = end + 1; next < section.length; next += section.readInt32LE(next))
      documents.push(BSON.deserialize(section.subarray(next, next + section.readInt32LE(next))));
    body = { ...body, [section.subarray(4, end).toString()]: documents };
  }
  return body;
}

function header(length: number, to: number, opcode: number): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(length, 0);
  head.writeInt32LE(1, 4);
  head.writeInt32LE(to, 8);
  head.writeInt32LE(opcode, 12);
  return head;
}

function reply(socket: Socket, to: number, document: Document): void {
  const body = Buffer.from(BSON.serialize(document));
  const more = Buffer.alloc(20);
  more.writeInt32LE(8, 0);
  more.writeInt32LE(1, 16);
  socket.write(Buffer.concat([header(36 + body.length, to, OP_REPLY), more, body]));
}

function msg(socket: Socket, to: number, document: Document): void {
  const body = Buffer.from(BSON.serialize(document));
  socket.write(Buffer.concat([header(21 + body.length, to, OP_MSG), Buffer.alloc(5), body]));
}
