import { createServer } from "node:net";

/** A free TCP port of 127.0.0.1: the preferred one if nobody has it, otherwise any. */
export async function freePort(preferred = 0): Promise<number> {
  return (await tryPort(preferred)) ?? (await tryPort(0)) ?? fail();
}

/** Several different free ports: all are held at once, so the system cannot hand out one twice. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = servers.map((server) => (server === undefined ? fail() : portOf(server)));
  await Promise.all(servers.map((server) => server && close(server)));
  return ports;
}

async function tryPort(port: number): Promise<number | undefined> {
  const server = await listen(port);
  if (server === undefined) return undefined;
  const got = portOf(server);
  await close(server);
  return got;
}

type Server = ReturnType<typeof createServer>;

const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ port, host: "127.0.0.1" }, () => resolve(server));
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : fail();
};

const fail = (): never => {
  throw new Error("the system gave no free port on 127.0.0.1");
};
