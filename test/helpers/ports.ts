import { freePorts } from "../../local/tryout/ports.ts";

/** A TCP port nobody listens on now, and which nobody is given for an outgoing connection. */
export const freePort = async (): Promise<number> => (await freePorts(1))[0] ?? 0;
