import { clip } from "../../src/sdk/index.ts";
import type { Cause, Container, Event } from "./case.ts";
import { CONFIG, IMAGE } from "./waiting-words.ts";
import { MOUNT, SANDBOX } from "./waiting-words-node.ts";

export function imageCause(one: Container, events: readonly Event[]): Cause {
  const said = events
    .filter(({ reason, message }) => /Failed/.test(reason) && /pull/i.test(message))
    .map(({ message }) => message);
  // The kubelet's `Error: ErrImagePull` says nothing; the runtime's own sentence does.
  const told = said.find((text) => /rpc error|failed to|Failed to pull/.test(text)) ?? said[0] ?? one.message;
  const row = IMAGE.find(([words]) => words.test(told)) ?? IMAGE.find(([words]) => words.test(one.reason));
  const quote = told === "" ? ` (${one.reason})` : `: ${clip(told, 300)}`;
  return {
    kind: "image",
    container: one,
    title: `cannot get its image: ${row?.[1] ?? clip(one.image, 80)}`,
    because: `${row?.[2] ?? "Why is not recorded: events are kept for an hour, and the container says only that it is held back."} ${clip(one.image, 120)}${quote}`,
    advice: {
      key: "fixImage",
      text: row?.[3] ?? "`kubectl describe pod` while it tries says why the pull fails.",
    },
    acts:
      row === undefined ||
      /limits pulls|reach the registry|disk is full|fails itself|does not answer|out of its dates|is not the image/.test(
        row[1],
      )
        ? []
        : ["undo"],
  };
}

export function configCause(one: Container): Cause {
  const row = CONFIG.find(([words]) => words.test(one.message));
  return {
    kind: "config",
    container: one,
    title: `cannot be made: ${row?.[1] ?? one.reason}`,
    because: `${row?.[2] ?? "The kubelet or its runtime refuses it."} It says: ${clip(one.message || one.reason, 300)}`,
    advice: { key: "fixConfig", text: row?.[3] ?? "Correct what it names in the template." },
    acts: ["undo"],
  };
}

/** Of a pod that waits with a node: its volumes or its network; undefined: nothing was said. */
export function mountCause(events: readonly Event[]): Cause | undefined {
  const sandbox = events.find(({ reason }) => reason === "FailedCreatePodSandBox");
  const mounts = events.filter(({ reason }) => reason === "FailedMount" || reason === "FailedAttachVolume");
  // The sum of all waits says less than the volume that fails.
  const mount = mounts.find(({ message }) => !/^Unable to attach or mount/.test(message)) ?? mounts[0];
  if (mount !== undefined) {
    const row = MOUNT.find(([words]) => words.test(mount.message));
    return {
      kind: "mount",
      container: undefined,
      title: `waits for a volume: ${row?.[1] ?? mount.reason}`,
      because: `${row?.[2] ?? "A volume cannot be attached or mounted."} The kubelet says: ${clip(mount.message, 300)}`,
      advice: { key: "fixMount", text: row?.[3] ?? "Look at the claim, its volume and the CSI driver." },
      acts: [],
    };
  }
  if (sandbox === undefined) return undefined;
  const row = SANDBOX.find(([words]) => words.test(sandbox.message));
  return {
    kind: "sandbox",
    container: undefined,
    title: `cannot be made: ${row?.[1] ?? "the node gives it no sandbox"}`,
    because: `${row?.[2] ?? "The runtime cannot make the pod's sandbox: as a rule the network plugin on the node, or no address is left."} It says: ${clip(sandbox.message, 300)}`,
    advice: {
      key: "fixNode",
      text:
        row?.[3] ??
        "Look at the network plugin's pod on that node, its log, and the free addresses of its range.",
    },
    acts: [],
  };
}
