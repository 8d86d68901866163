import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";

/** IPv4 addresses, a response code, or silence. */
type Same = readonly string[] | "NXDOMAIN" | "SERVFAIL" | "REFUSED" | "silent";
/** The same for every type, one answer per type, or an alias of a name that does not exist. */
export type DnsAnswer = Same | { readonly A: Same; readonly AAAA: Same } | { readonly CNAME: string };

const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const A = 1;
const CNAME = 5;
const AAAA = 28;

/** A name server over UDP that answers from `zone`; names it does not hold are NXDOMAIN. Change `zone` at any time. */
export async function dnsServer(zone: Record<string, DnsAnswer>) {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, end } = question(query);
    const answer = replyTo(query.subarray(0, end), type, zone[name] ?? "NXDOMAIN");
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  const { port } = socket.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
}

function replyTo(asked: Buffer, type: number, given: DnsAnswer): Buffer | undefined {
  if (typeof given === "object" && "CNAME" in given)
    return reply(asked, type === CNAME ? 0 : CODES.NXDOMAIN, [aliasRecord(given.CNAME)]);
  if (typeof given === "object" && "A" in given)
    return replyTo(asked, type, type === AAAA ? given.AAAA : given.A);
  if (given === "silent") return undefined;
  if (typeof given === "string") return reply(asked, CODES[given], []);
  return reply(asked, 0, type === A ? given.map(addressRecord) : []);
}

function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function reply(question: Buffer, code: number, records: readonly Buffer[]): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...records]);
}

/** Pointer to the question's name, type A, class IN, 60 s, 4 bytes. */
const addressRecord = (address: string): Buffer =>
  Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);

function aliasRecord(target: string): Buffer {
  const labels = target.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  const name = Buffer.concat([...labels, Buffer.from([0])]);
  return Buffer.concat([Buffer.from([0xc0, 12, 0, CNAME, 0, 1, 0, 0, 0, 60, 0, name.length]), name]);
}
