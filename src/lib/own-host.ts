import { hostname, networkInterfaces } from "node:os";

/** How others may call this machine: its addresses (loopback left out) and its name. */
export interface OwnHost {
  readonly addresses: readonly string[];
  readonly name: string;
}

/** Of the machine of this process. */
export const ownHost = (): OwnHost => ({
  name: hostname(),
  addresses: Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).flatMap(({ internal, address }) => (internal ? [] : address)),
  ),
});
