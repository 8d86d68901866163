import { type Finding, type OutputOf, redis, sayBytes, sayPercent } from "../../src/sdk/index.ts";
import { countedOf, MIB } from "./memory.ts";
import { clientRows } from "./taker.ts";

type Clients = OutputOf<typeof redis.listClients> | undefined;

/**
 * Buffers that grow because somebody does not read: those of clients and those of replicas are two causes. Buffers of replicas are not
 * held against maxmemory (INFO memory, mem_not_counted_for_evict), so nothing is evicted or refused while they grow: the machine's
 * memory is what ends. Pure.
 */
export function buffersFinding<const R extends string>(
  memory: redis.RedisMemory,
  clients: Clients,
  remedies: { readonly clients: R; readonly replicas: R },
): Finding<R> | false {
  const buffers = redis.buffersOf(memory);
  if (buffers <= 64 * MIB || buffers <= memory.used * 0.2) return false;
  const share = sayPercent(buffers / memory.used);
  const ofReplicas = memory.parts.replicas ?? 0;
  if (ofReplicas < buffers / 2)
    return {
      id: "client-buffers",
      severity: "warning",
      title: `Buffers of clients take ${sayBytes(buffers)}`,
      because: `That is ${share} of the memory in use: clients ask for huge answers or do not read them.`,
      evidence: clientRows(clients),
      remedies: [remedies.clients],
    };
  const { max, used } = memory;
  const counted =
    max > 0
      ? ` They do not count for maxmemory: of ${sayBytes(used)} in use ${sayBytes(countedOf(memory))} do, of ${sayBytes(max)}. So nothing is evicted or refused because of them, and what ends first is the memory of the machine or container.`
      : "";
  return {
    id: "client-buffers",
    severity: "warning",
    title: `Buffers of replicas take ${sayBytes(ofReplicas)}: a replica does not keep up`,
    because: `That is ${share} of the memory in use: what was written waits for a replica that is slow, hangs, is far away or is being copied to.${counted}`,
    evidence: clientRows(clients),
    remedies: [remedies.replicas],
  };
}
