import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";

/** IPv4 addresses, a response code, or silence. */
export type DnsAnswer = readonly string[] | "NXDOMAIN" | "SERVFAIL" | "REFUSED" | "silent";

const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const A = 1;

/** A name server over UDP that answers from `zone`; names it does not hold are NXDOMAIN. Change `zone` at any time. */
export async function dnsServer(zone: Record<string, DnsAnswer>) {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, end } = question(query);
    const answer = zone[name] ?? "NXDOMAIN";
    if (answer === "silent") return;
    const addresses = typeof answer === "string" || type !== A ? [] : answer;
    const code = typeof answer === "string" ? CODES[answer] : 0;
    socket.send(reply(query.subarray(0, end), code, addresses), from.port, from.address);
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

function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function reply(question: Buffer, code: number, addresses: readonly string[]): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt32BE(0, 8);
  const records = addresses.map((address) =>
    // Pointer to the question's name, type A, class IN, 60 s, 4 bytes.
    Buffer.from([0xc0, 12, 0, A, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]),
  );
  return Buffer.concat([head, ...records]);
}
