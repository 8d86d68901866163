import type { mongodb, OutputOf } from "../../src/sdk/index.ts";

type Clients = OutputOf<typeof mongodb.clients>;
export type PoolDoubt = Clients["clients"][number];
type Connections = OutputOf<typeof mongodb.state>["now"]["connections"];

/** How many connections the server takes; undefined: it did not say. */
export const limitOf = ({ current, available }: Connections): number | undefined =>
  current === null || available === null ? undefined : current + available;

/** Nearly all of at least one pool's connections at work at once: one look, so a burst looks the same. */
const BUSY = 0.9;

/** Clients whose pool is probably exhausted. */
export const poolsInDoubt = (clients: Clients | undefined, poolSize: number): PoolDoubt[] =>
  (clients?.clients ?? []).filter(
    ({ connections, active }) => connections >= poolSize && active >= connections * BUSY,
  );

/** `orders-api on 10.0.0.7`. */
export const sayClient = ({ application, host }: Pick<PoolDoubt, "application" | "host">): string =>
  `${application === "" ? "a client without a name" : application} on ${host}`;
