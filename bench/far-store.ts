import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** The same Postgres, as far away as that: every packet to it is that much later. Resolves with its address. */
export async function farStore(
  url: string,
  delayMs: number,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const store = connect(Number(port), hostname);
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        store.destroy();
      });
    }
    // Timers of one delay fire in the order in which they were set.
    client.on("data", (bytes) => void setTimeout(() => store.write(bytes), delayMs));
    store.pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const far = new URL(url);
  far.hostname = "127.0.0.1";
  far.port = String((server.address() as AddressInfo).port);
  return {
    url: far.href,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
