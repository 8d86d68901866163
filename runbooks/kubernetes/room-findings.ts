import {
  clip,
  type Finding,
  type kubernetes,
  type OutputOf,
  sayBytes,
  sayPercent,
} from "../../src/sdk/index.ts";
import type { Claim, Event, Node, Usage, Workload } from "./case.ts";
import { sayPressures } from "./node-findings.ts";

export type Quota = OutputOf<typeof kubernetes.quotas>["quotas"][number];
export type Budget = OutputOf<typeof kubernetes.budgets>["budgets"][number];
type Key = "giveQuota" | "loosenBudget" | "fixClaim" | "raiseLimit" | "fixNode";

const say = ({ resource }: Quota, amount: number): string =>
  /memory|storage/.test(resource) ? sayBytes(amount) : String(Math.round(amount * 1000) / 1000);

/** Quotas near their end. Of a count below ten the next one is no longer "near", so only a full one is told. Pure. */
export function quotaFindings(
  quotas: readonly Quota[],
  events: readonly Event[] | undefined,
  share: number,
): Finding<Key>[] {
  const refusedBy = (one: Quota) => events?.some((event) => isRefusal(event, one)) ?? false;
  // One of nothing forbids, and is as it should be until somebody wants some.
  const near = quotas.filter((one) =>
    one.hard === 0
      ? refusedBy(one)
      : one.used >= one.hard || (one.hard >= 10 && one.used / one.hard >= share),
  );
  return near.map((one) => {
    const refused = refusedBy(one);
    return {
      id: `quota:${one.namespace}/${one.name}/${one.resource}`,
      severity: refused ? ("warning" as const) : ("info" as const),
      title: `Quota ${one.name}: ${one.resource} ${one.hard === 0 ? "allows none" : one.used >= one.hard ? "is used up" : `is used to ${sayPercent(one.used / one.hard)}`}`,
      because: `${say(one, one.used)} of ${say(one, one.hard)} in ${one.namespace}. ${refused ? "Pods were refused for it within the last hour." : "Nothing was refused within the last hour, as far as events tell; a rollout needs room for its surge."} What counts are requests and limits, not what is used.`,
      remedies: ["giveQuota" as const],
    };
  });
}

/**
 * Whether this quota refused something for this resource: `pods "x" is forbidden: exceeded quota: NAME, requested: cpu=2, used: …`.
 * Only what was requested counts; `pods` stands at the beginning of every such line.
 */
function isRefusal({ namespace, message }: Event, { namespace: own, name, resource }: Quota): boolean {
  if (namespace !== own) return false;
  const [, by, wanted = ""] =
    /exceeded quota: ([^\s,]+), requested: (.{1,200}?)(?:, used: |$)/.exec(message) ?? [];
  return by === name && wanted.split(",").some((one) => one.trim().split("=")[0] === resource);
}

/** Disruption budgets that let no pod go. Pure. */
export const budgetFindings = (budgets: readonly Budget[]): Finding<Key>[] =>
  budgets
    .filter(({ allowed, expected, failed }) => failed !== undefined || (allowed === 0 && expected > 0))
    .map((one) => {
      if (one.failed !== undefined)
        return {
          id: `budget:${one.namespace}/${one.name}`,
          severity: "warning" as const,
          title: `Disruption budget ${one.name} cannot be computed, and lets no pod go`,
          because: `Its controller says (SyncFailed): ${one.failed}. Its figures (${one.healthy} of ${one.expected} healthy) are from before that. Pods whose owner has no scale (a job, a bare pod, some operators' objects) can be counted by \`minAvailable\` with a number only, and not by a share or \`maxUnavailable\`.`,
          remedies: ["loosenBudget" as const],
        };
      const isShort = one.healthy < one.wanted;
      return {
        id: `budget:${one.namespace}/${one.name}`,
        severity: isShort ? ("warning" as const) : ("info" as const),
        title: `Disruption budget ${one.name} lets no pod go`,
        because: isShort
          ? `${one.healthy} of its ${one.expected} pods are healthy, and ${one.wanted} must be (${one.rule}): until they are back, nodes with one of them cannot be drained. It is the pods that are to blame, not the budget.`
          : `All ${one.expected} pods are healthy, and its rule (${one.rule}) still allows none to go: a node with one of them can never be drained, and an upgrade of the nodes waits for ever.`,
        remedies: ["loosenBudget" as const],
      };
    });

/** Claims without a volume. One that waits for its first pod (WaitForFirstConsumer) is as it should be. Pure. */
export function claimFindings(
  claims: readonly Claim[],
  events: readonly Event[] | undefined,
  now: Date,
): Finding<Key>[] {
  return claims.flatMap((one): Finding<Key>[] => {
    const said = events?.find(
      ({ kind, namespace, name }) =>
        kind === "PersistentVolumeClaim" && namespace === one.namespace && name === one.name,
    );
    const quote = said === undefined ? "" : ` The provisioner says: ${clip(said.message, 250)}`;
    const id = `claim:${one.namespace}/${one.name}`;
    if (one.phase === "Lost")
      return [
        {
          id,
          severity: "critical",
          title: `Claim ${one.name} has lost its volume`,
          because: `The volume it was bound to does not exist any more.${quote}`,
          remedies: ["fixClaim"],
        },
      ];
    if (one.phase !== "Pending" || said === undefined || isUnderWay(said, one, now)) return [];
    const wants = one.requested === null ? "storage" : sayBytes(one.requested);
    const of = one.storageClass === null ? "the default class" : `class ${clip(one.storageClass, 60)}`;
    return [
      {
        id,
        severity: "warning",
        title: `Claim ${one.name} gets no volume`,
        because: `It wants ${wants} of ${of}.${quote}`,
        remedies: ["fixClaim"],
      },
    ];
  });
}

/** A provisioner that was asked a moment ago is at work: only one that goes on being waited for is not. */
const isUnderWay = ({ reason }: Event, { createdAt }: Claim, now: Date): boolean =>
  ["ExternalProvisioning", "Provisioning"].includes(reason) &&
  createdAt !== null &&
  now.getTime() - Date.parse(createdAt) < PROVISIONED_WITHIN;

/** Milliseconds. */
const PROVISIONED_WITHIN = 300_000;

/** Share of a limit beyond which a container is killed soon if it goes on growing. */
const NEAR_LIMIT = 0.9;

/** Containers near their memory limit by what they use now: one look, so a peak and a trend look the same. Pure. */
export function limitFindings(workloads: readonly Workload[], usage: readonly Usage[]): Finding<Key>[] {
  return usage.flatMap((one): Finding<Key>[] => {
    const limit = limitOf(one, workloads);
    if (limit === null || one.memory === null || one.memory < limit * NEAR_LIMIT) return [];
    return [
      {
        id: `near-limit:${one.namespace}/${one.pod}/${one.container}`,
        severity: "warning",
        title: `${one.container} in ${one.pod} uses ${sayPercent(one.memory / limit)} of its memory limit`,
        because: `${sayBytes(one.memory)} of ${sayBytes(limit)} at the moment (working set). That counts file cache in use, which is given back before anything is killed; what cannot be given back is killed at the limit. To tell them apart: \`container_memory_rss\`, or \`anon\` and \`active_file\` of its memory.stat. One look does not tell growth from a peak: see its trend.`,
        remedies: ["raiseLimit"],
      },
    ];
  });
}

/** The limit in the template of the workload whose pod it is, by the longest name that its own begins with. */
function limitOf(one: Usage, workloads: readonly Workload[]): number | null {
  const [own] = workloads
    .filter(({ namespace, name }) => namespace === one.namespace && one.pod.startsWith(`${name}-`))
    .sort((a, b) => b.name.length - a.name.length);
  return own?.containers.find(({ name }) => name === one.container)?.memoryLimit ?? null;
}

/** Nodes that are short of something. A cordoned one is somebody's work. Pure. */
export const nodeRoom = (nodes: readonly Node[]): Finding<Key>[] =>
  nodes.flatMap((node): Finding<Key>[] => {
    const pressed = sayPressures(node);
    return pressed === undefined
      ? []
      : [
          {
            id: `node-pressure:${node.name}`,
            severity: "warning",
            title: `Node ${node.name} has ${pressed.what}`,
            because: `${pressed.says}. Nothing new is put there, and pods furthest above their requests are evicted.`,
            remedies: ["fixNode"],
          },
        ];
  });
