import { type Finding, facts, type host, rows, sayBytes, sayPercent } from "../../src/sdk/index.ts";

type Group = host.MemoryGroup;

/** From this share of its limit on a group is about to be killed, without the file cache that it gives back. */
const NEAR = 0.9;
const REACHED = 0.97;

/** Units and containers near a limit of their own: the machine may have memory to spare. Pure. */
export const groupsNearLimit = (groups: readonly Group[]): Finding<"raiseLimit">[] =>
  groups
    // The root of a container is told by itself (`group-memory-low`).
    .filter(({ path, held, limit }) => path !== "/" && limit !== null && held / limit >= NEAR)
    .slice(0, 5)
    .map(({ path, held, limit, cache }) => {
      const ratio = held / (limit ?? held);
      return {
        id: `group-near-limit:${path.slice(-70)}`,
        severity: ratio >= REACHED ? "critical" : "warning",
        title: `${path} holds ${sayBytes(held)}: ${sayPercent(ratio)} of its memory limit of ${sayBytes(limit ?? 0)}`,
        because:
          "The limit is the unit's or container's own (memory.max): at it the kernel kills one of its processes, whatever the machine has left. File cache is not in the figure, it is given back first.",
        evidence: [
          facts({ held: sayBytes(held), limit: sayBytes(limit ?? 0), "file cache": sayBytes(cache) }),
        ],
        remedies: ["raiseLimit"],
      };
    });

/** Groups that the kernel makes wait at memory.high: slow, and never killed for it. Pure. */
export function heldBackFinding(groups: readonly Group[]): Finding<"raiseHigh"> | undefined {
  const slow = groups.filter(
    ({ high, held, waits }) => high !== null && (waits ?? 0) > 0 && held >= high * NEAR,
  );
  const [first] = slow;
  return (
    first && {
      id: "memory-high",
      severity: "warning",
      title: `${first.path} is made to wait for memory: it holds ${sayBytes(first.held)}, and memory.high is ${sayBytes(first.high ?? 0)}`,
      because:
        "Beyond memory.high the kernel does not kill, it slows the group down while it takes memory back; without cache to take there is nothing but waiting. The machine may have memory to spare.",
      evidence: [
        rows("", slow.slice(0, 8), {
          group: (one) => one.path,
          held: (one) => sayBytes(one.held),
          "memory.high": (one) => sayBytes(one.high ?? 0),
          "waits within 2 s": (one) => one.waits ?? "not counted",
        }),
      ],
      remedies: ["raiseHigh"],
      explains: ["memory-pressure"],
    }
  );
}
