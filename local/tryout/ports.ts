import { createServer } from "node:net";

/** Below the range systems take the ports of outgoing connections from: such a port stays free until it is used. */
const RANGE = { from: 20_000, to: 32_000 } as const;
const TRIES = 100;

/** A free TCP port of 127.0.0.1: the preferred one if nobody has it, otherwise any. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && preferred !== 0 && (await isFree(preferred))) return preferred;
  const [port] = await freePorts(1);
  return port ?? fail();
}

/** Several different free ports. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < TRIES; tries++) {
    const port = RANGE.from + Math.floor(Math.random() * (RANGE.to - RANGE.from));
    if (await isFree(port)) found.add(port);
  }
  return found.size === count ? [...found] : fail();
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1" }, () => server.close(() => resolve(true)));
  });

const fail = (): never => {
  throw new Error(`no free port on 127.0.0.1 between ${RANGE.from} and ${RANGE.to}`);
};
