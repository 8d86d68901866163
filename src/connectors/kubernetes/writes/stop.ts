import { z } from "zod";
import { actionsOn, type Call } from "../../../core/words/action.ts";
import type { KubernetesClient } from "../api/client.ts";
import type { Workload } from "../api/shapes.ts";
import { controllerOf } from "../reads/managed-by.ts";
import { STOPPED_FROM } from "../reads/workload-shape.ts";
import { workloads } from "../reads/workloads.ts";
import { type Change, MERGE, partsOf } from "./change.ts";
import { isSettled, lockOf, Output, pathOf, sayAvailable, sayTarget, Target, workloadOf } from "./target.ts";

const { write } = actionsOn<KubernetesClient>("kubernetes");

const PROTECTED = "diagbot.protected";
/** What must go on while all else is stopped: what shows the page, lets people in, pools connections, watches, and diagbot itself. */
const SPARED =
  /diagbot|ingress|gateway|pgbouncer|pooler|prometheus|alertmanager|grafana|maintenance|status-?page/i;

/** Whether it is left out where everything is stopped or restarted, by its name. Pure. */
export const isSpared = (name: string): boolean => SPARED.test(name);

const Input = Target.extend({
  kind: z.literal("Deployment").default("Deployment"),
  /** Replicas it has, or had before it was stopped. */
  replicas: z.int().min(1).max(1_000),
});
type Input = z.output<typeof Input>;

/** From so many replicas to none, or back. */
const change = (isStop: boolean): Change<Input, Workload> => ({
  whose: sayTarget,
  from: ({ replicas }) => (isStop ? replicas : 0),
  to: ({ replicas }) => (isStop ? 0 : replicas),
  say: (state) => `${String(state)} replicas`,
  find: async (client, input, context) => {
    const found = await workloadOf(client, input, context);
    return (
      found && {
        uid: found.metadata.uid,
        resourceVersion: found.metadata.resourceVersion ?? "",
        state: found.spec.replicas ?? 1,
        more: found,
      }
    );
  },
  guard: async (_client, { name, replicas }, { more: { metadata } }) => {
    if (!isStop) {
      const was = metadata.annotations?.[STOPPED_FROM];
      return was === String(replicas) ? undefined : "it does not say that diagbot stopped it from so many";
    }
    if (isSpared(name)) return "it keeps the page up, lets people in, pools, watches, or is diagbot itself";
    const owner = controllerOf(metadata);
    if (owner !== undefined) return `it belongs to ${owner}, which would start it again: stop that`;
    return metadata.labels?.[PROTECTED] === "true" ? `it is labelled ${PROTECTED}` : undefined;
  },
  line: (input) =>
    isStop
      ? `STOP ${sayTarget(input)}: all of its ${input.replicas} replicas end`
      : `start ${sayTarget(input)} again with ${input.replicas} replicas, as before it was stopped`,
  patch: (input, { resourceVersion }) => ({
    path: pathOf(input),
    contentType: MERGE,
    body: {
      metadata: {
        resourceVersion,
        annotations: { [STOPPED_FROM]: isStop ? String(input.replicas) : null },
      },
      spec: { replicas: isStop ? 0 : input.replicas },
    },
  }),
});

/**
 * Stops one deployment: no replica is left, and how many there were is written on it (trap k8s-kill-switch: scaled to 0 the number is
 * lost). Never what keeps the page up, lets people in, pools, watches, or is diagbot. sergas-agents.kill-switch
 */
export const stop = write({
  name: "kubernetes.stop",
  title: "Stop a deployment",
  class: "cas",
  risk: "destructive",
  input: Input,
  output: Output,
  timeoutSeconds: 20,
  target: lockOf,
  ...partsOf(change(true)),
  undo: (input): Call => startAgain(input),
  leaves: "what its pods were doing when they ended, and whoever asked it meanwhile",
  says: (input) => `${sayTarget(input)} stopped, ${input.replicas} replicas before`,
  settled: {
    within: "5m",
    check: () => ({ list: workloads() }),
    holds: ({ list }, { uid }) =>
      list.workloads.some(
        (one) => one.uid === uid && one.isObserved && one.desired === 0 && one.current === 0,
      ),
    figures: ({ list }, { uid, replicas }) => {
      const now = list.workloads.find((one) => one.uid === uid);
      return `replicas ${replicas} → ${now === undefined ? "gone" : now.current}`;
    },
  },
});

/** Starts a deployment that `kubernetes.stop` stopped, with as many replicas as it had. */
export const startAgain = write({
  name: "kubernetes.start-again",
  title: "Start a deployment that was stopped",
  class: "cas",
  risk: "high",
  input: Input,
  output: Output,
  timeoutSeconds: 20,
  target: lockOf,
  ...partsOf(change(false)),
  undo: "none: it runs as before; it can be stopped again",
  says: (input) => `${sayTarget(input)} started again with ${input.replicas} replicas`,
  settled: {
    within: "5m",
    check: () => ({ list: workloads() }),
    holds: ({ list }, { uid, replicas }) => isSettled(list, uid, ({ desired }) => desired >= replicas),
    figures: ({ list }, { uid }, _output, before) => sayAvailable(list, before.list, uid),
  },
});
