import { createServer, type Server } from "node:net";

/** Below the range systems take the ports of outgoing connections from: such a port stays free until it is used. */
const RANGE = { from: 20_000, count: 6_000 } as const;
/** Draws for each port that is asked for: many more than it takes while half of them are left. */
const TRIES = 100;

/** A free TCP port of 127.0.0.1, ours while this process lives: the preferred one if nobody has it, otherwise any. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && preferred !== 0 && (await isFree(preferred))) return preferred;
  const [port] = await freePorts(1);
  return port ?? fail();
}

/**
 * Several different free ports. Nobody else who asks here is given them while this process lives, whether or not they are used:
 * neither this process nor another one of this machine.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let tries = 0; found.length < count && tries < TRIES * count; tries++) {
    const port = RANGE.from + Math.floor(Math.random() * RANGE.count);
    if ((await reserve(port)) && (await isFree(port))) found.push(port);
  }
  return found.length === count ? found : fail();
}

/**
 * A port whose server still has to start cannot be held itself: its twin is, which is never given to anybody. The system sees
 * to it that one process has it at a time, and takes it back from one that died.
 */
async function reserve(port: number): Promise<boolean> {
  const twin = await listen(port + RANGE.count);
  twin?.unref();
  return twin !== undefined;
}

/** Whether nobody has that port, and nobody is given it here or holds it for another one. */
export const isFreeBeside = async (port: number): Promise<boolean> =>
  (port < RANGE.from || port >= RANGE.from + 2 * RANGE.count) && (await isFree(port));

async function isFree(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** Undefined where somebody else has the port. */
const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1" }, () => resolve(server));
  });

const fail = (): never => {
  throw new Error(`no free port on 127.0.0.1 from ${RANGE.from} on`);
};
