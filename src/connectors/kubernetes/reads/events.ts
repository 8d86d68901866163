import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { clip } from "../../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import type { KubernetesClient } from "../api/client.ts";
import { fitting } from "../api/fitting.ts";
import { listEverywhere } from "../api/list.ts";
import { RESOURCES } from "../api/paths.ts";
import { Event } from "../api/shapes.ts";

const { read } = actionsOn<KubernetesClient>("kubernetes");
const MOST = 250;
/**
 * Warnings, and the normal ones that tell why something ended or is waited for. What the volume controller says of a claim that gets
 * nothing is no warning either (FailedBinding, ExternalProvisioning).
 */
const SELECTED = [
  "type=Warning",
  "reason=Killing",
  "reason=TriggeredScaleUp",
  "reason=NotTriggerScaleUp",
  "reason=FailedBinding,type=Normal",
  "reason=ExternalProvisioning,type=Normal",
];

/** Something the cluster said about an object. */
export const EventSeen = z.object({
  namespace: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  /** Of a pod's container: `spec.containers{api}`; empty: of the whole. */
  field: z.string(),
  isWarning: z.boolean(),
  reason: z.string(),
  message: z.string(),
  /** How often, where it is counted: controllers give out 25 in a burst and drop what comes after. */
  count: z.number().nullable(),
  at: z.string().nullable(),
});
export type EventSeen = z.output<typeof EventSeen>;

/**
 * Warnings, what the kubelet killed and what a cluster autoscaler decided, newest first, 250 at most. The server keeps events for an hour (default), does not
 * sort them, and leaves out what comes too fast: one that is not here may still have been.
 */
export const events = read({
  name: "kubernetes.events",
  title: "Reads warnings of the cluster",
  input: z.strictObject({}),
  output: z.object({ events: z.array(EventSeen), notSeen }),
  timeoutSeconds: 20,
  run: async (client, _input, context) => {
    const lists = await Promise.all(
      SELECTED.map((fieldSelector) =>
        listEverywhere(client, Event, RESOURCES.events, { fieldSelector, most: 2000 }, context),
      ),
    );
    const all = lists.flatMap(({ items }) => items.map(eventSeen)).sort((a, b) => timeOf(b) - timeOf(a));
    // Thousands of warnings are one storm: the newest tell it. That lists were cut short of all of them is said.
    const rest: NotSeen[] = lists.flatMap(({ notSeen: cut }) => cut);
    return { events: fitting(all, MOST), notSeen: rest };
  },
});

const timeOf = ({ at }: EventSeen): number => (at === null ? 0 : Date.parse(at));

/** Of the API's event what is judged. The scheduler's have neither count nor first and last time, but `eventTime`. */
function eventSeen(one: z.output<typeof Event>): EventSeen {
  const { involvedObject: of, metadata } = one;
  return {
    namespace: of?.namespace ?? metadata.namespace ?? "",
    kind: of?.kind ?? "",
    name: clip(of?.name ?? "", 253),
    uid: of?.uid ?? "",
    field: clip(of?.fieldPath ?? "", 100),
    isWarning: one.type === "Warning",
    reason: clip(one.reason ?? "", 60),
    message: clip(one.message ?? "", 400),
    count: one.series?.count ?? one.count ?? null,
    at:
      one.series?.lastObservedTime ??
      one.lastTimestamp ??
      one.eventTime ??
      one.firstTimestamp ??
      metadata.creationTimestamp ??
      null,
  };
}
