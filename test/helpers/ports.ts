import { freePorts, isFreeBeside } from "../../local/tryout/ports.ts";

/** A TCP port nobody listens on now, and which nobody is given for an outgoing connection. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0] ?? 0;

/** Above its own port a node of a Redis cluster listens at a second one. */
const BUS = 10_000;

/** The same for a node of a Redis cluster, which takes a second port that it is not asked for. */
export async function freeNodePort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (await isFreeBeside(port + BUS)) return port;
  }
}
