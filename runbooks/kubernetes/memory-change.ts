import { type Finding, type redis, sayBytes, sayDuration } from "../../src/sdk/index.ts";
import { type Asked, isWell, targetsOf, type Workload, type Workloads } from "./changes.ts";

const MIB = 2 ** 20;
/** Written to disk so short a time ago, in seconds, little would be lost. */
const SAVED_LATELY = 300;
/** What keeps its data in memory: a new pod begins with what was saved. */
const IN_MEMORY = /(^|[/_-])(redis|valkey|keydb|dragonfly|memcached)([:@_-]|$)/i;

type Store = redis.RedisState | undefined;

/** The container that is meant: the named one, or the only one with a limit. */
const containerOf = (one: Workload, { container }: Asked) => {
  const limited = one.containers.filter(({ memoryLimit }) => memoryLimit !== null);
  return container === undefined
    ? limited.length === 1
      ? limited[0]
      : undefined
    : limited.find(({ name }) => name === container);
};

/** Why replacing its pods would lose data; undefined: it would not, as far as it is seen. */
function loses(one: Workload, store: Store): string | undefined {
  if (!one.containers.some(({ image }) => IN_MEMORY.test(image))) return undefined;
  if (store === undefined)
    return "it keeps its data in memory, and no redis connection of this system says whether it is saved";
  const { persistence: saved, keys } = store;
  if (keys.total === 0) return undefined;
  // A replica is no help: it follows a master that comes back empty, and is emptied, too.
  if (saved.aofOn && saved.aofOk) return undefined;
  const ago = saved.savedSecondsAgo;
  if (saved.rules !== "" && saved.rdbOk && ago !== null && ago <= SAVED_LATELY) return undefined;
  return saved.rules === "" && !saved.aofOn
    ? `it keeps ${keys.total} keys in memory and saves nothing (\`save\` is empty, appendonly off); a replica that follows it would be emptied, too`
    : `its last save is ${ago === null ? "not known" : `${sayDuration(ago * 1000)} ago`}: \`BGSAVE\` first, or fail over to a replica`;
}

/** The one call; none where it would be no raise, or would lose what is in memory. */
export function memoryOf(workloads: Workloads, asked: Asked, store: Store) {
  const [one, other] = targetsOf(workloads, asked);
  const found = one === undefined ? undefined : containerOf(one, asked);
  const from = found?.memoryLimit ?? null;
  const to = (asked.memoryMiB ?? 0) * MIB;
  if (one === undefined || other !== undefined || found === undefined || from === null || to <= from)
    return [];
  if (!isWell(one) || loses(one, store) !== undefined) return [];
  const { kind, namespace, name, uid } = one;
  return [{ kind, namespace, name, uid, container: found.name, from, to }];
}

/** What was asked for, and why nothing is offered where it is not. */
export function memoryFinding(
  one: Workload,
  asked: Asked,
  store: Store,
): Finding<"raiseMemory" | "setMaxmemory" | "lookElsewhere"> | undefined {
  if (asked.memoryMiB === undefined) return undefined;
  const to = asked.memoryMiB * MIB;
  const found = containerOf(one, asked);
  const note = (title: string, because: string): Finding<"lookElsewhere"> => ({
    ...{ id: `memory:${one.name}`, severity: "info", title, because, remedies: ["lookElsewhere"] },
  });
  if (found === undefined || found.memoryLimit === null)
    return note(
      `Which container of ${one.name} shall have more memory is not clear`,
      `Those with a limit: ${
        one.containers
          .filter(({ memoryLimit }) => memoryLimit !== null)
          .map(({ name }) => name)
          .join(", ") || "none"
      }. Name one: container=….`,
    );
  if (to <= found.memoryLimit)
    return note(
      `${found.name} of ${one.name} may use ${sayBytes(found.memoryLimit)}: ${sayBytes(to)} would not be more`,
      "A limit is never lowered from here: what is over it would be killed.",
    );
  const why = loses(one, store) ?? (isWell(one) ? undefined : "it is not whole now: k8s-workload says why");
  if (why !== undefined)
    return note(`${one.name} is not given more memory now`, `Its pods would be replaced, and ${why}.`);
  const isStore = one.containers.some(({ image }) => IN_MEMORY.test(image));
  return {
    id: `memory:${one.name}`,
    severity: "info",
    title: `${sayBytes(to)} for ${found.name} of ${one.name} were asked for, ${sayBytes(found.memoryLimit)} it has`,
    because: `Its ${one.desired} pods are replaced. Node, quota and LimitRange have to have the room.${isStore ? " What it holds is saved; `maxmemory` stays as it is and is set apart (redis-memory)." : ""}`,
    remedies: isStore ? ["raiseMemory", "setMaxmemory"] : ["raiseMemory"],
  };
}
