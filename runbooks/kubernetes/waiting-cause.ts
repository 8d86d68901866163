import { clip } from "../../src/sdk/index.ts";
import type { Cause, Container, Event } from "./case.ts";

type Row = readonly [words: RegExp, short: string, because: string, advice: string];

/** Why an image cannot be had, by what the runtime and the registry say; most specific first. */
const IMAGE: readonly Row[] = [
  [
    /toomanyrequests|rate limit|429/i,
    "the registry limits pulls",
    "The registry has answered that there were too many pulls (429).",
    "Wait for the limit, log in (`imagePullSecrets`: a higher limit), or use a mirror. Nothing is wrong with the image.",
  ],
  [
    /no match for platform|no matching manifest/i,
    "the image is not for the node's CPU",
    "The image exists, for other platforms than the node's.",
    "Build it for this platform too, or choose nodes by `kubernetes.io/arch`.",
  ],
  [
    /x509|certificate/i,
    "the registry's certificate is not accepted",
    "The node does not trust the registry's certificate, or it has expired.",
    "Renew it, or give the runtime on the nodes its authority.",
  ],
  [
    /no such host|i\/o timeout|connection refused|dial tcp|tls handshake timeout|network is unreachable|context deadline|EOF/i,
    "the node does not reach the registry",
    "The node could not connect to the registry: name, network or the registry itself.",
    "Try from a node: the registry's name, its port, a proxy in between (`HTTPS_PROXY` of the runtime).",
  ],
  [
    /no space left/i,
    "the node's disk is full",
    "The image could not be unpacked: no space is left on the node.",
    "Free the node's image disk (`crictl rmi --prune`), or make it larger.",
  ],
  [
    /unauthorized|authentication required|no basic auth|403|forbidden/i,
    "the registry does not let the node in",
    "The registry refuses the credentials, or there are none.",
    "Check `imagePullSecrets` of the pod and its service account: right namespace, right registry, not expired.",
  ],
  [
    /denied|insufficient_scope|may require/i,
    "the image is not there, or not for this account",
    "Either the repository does not exist, or it is private and the node has no login for it: registries answer the same. To tell them apart: pull it with the login that is meant.",
    "Correct the name, or give the pod `imagePullSecrets`.",
  ],
  [
    /not ?found|manifest unknown|does not exist|NotFound/i,
    "the image or its tag does not exist",
    "The registry answers that it has no such image or tag.",
    "Compare the tag with what the build has pushed; a tag that was deleted must be pushed again.",
  ],
  [
    /invalid ?(image|reference)|InvalidImageName|couldn't parse/i,
    "the image's name is not valid",
    "The name cannot be read as an image: an empty variable in a template, a capital letter, a space.",
    "Correct `image:`.",
  ],
  [
    /ErrImageNeverPull|never pull/i,
    "the image is not on the node and may not be pulled",
    "`imagePullPolicy: Never`, and the node does not have it.",
    "Load it onto every node, or let it be pulled.",
  ],
];

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
    acts: row === undefined || /limits pulls|reach the registry|disk is full/.test(row[1]) ? [] : ["undo"],
  };
}

/** Why a container could not be made, though the image is there. */
const CONFIG: readonly Row[] = [
  [
    /couldn't find key/i,
    "a key is missing in a ConfigMap or Secret",
    "The object is there, the key that the template names is not.",
    "Add the key, or correct the template.",
  ],
  [
    /(configmap|secret) "[^"]+" not found/i,
    "a ConfigMap or Secret is missing",
    "The template names it, and the namespace has none of this name.",
    "Create it in the same namespace, or correct the name; it starts by itself once it is there.",
  ],
  [
    /runAsNonRoot/i,
    "its image would run as root",
    "`runAsNonRoot` is set, and the image names root or no numeric user.",
    "Set `runAsUser`, or a numeric USER in the image.",
  ],
  [
    /no command specified|executable file not found|no such file or directory|permission denied|exec:/i,
    "its command cannot be started",
    "The runtime found no such program in the image, or may not run it.",
    "Compare `command:` and `args:` with the image, and `mountPath:` with where the program lies.",
  ],
  [
    /already in use|is reserved/i,
    "a container of its name is still there",
    "The runtime has not removed the one before.",
    "It passes by itself as a rule; otherwise look at the node's runtime.",
  ],
];

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

const MOUNT: readonly Row[] = [
  [
    /(configmap|secret) "[^"]+" not found/i,
    "a ConfigMap or Secret is missing",
    "A volume is made of it, and the namespace has none of this name.",
    "Create it in the same namespace, or correct the name; the pod starts by itself once it is there.",
  ],
  [
    /references non-existent (config|secret) key/i,
    "a key is missing in a ConfigMap or Secret",
    "A volume takes a key that the object does not have.",
    "Add the key, or correct `items:`.",
  ],
  [
    /multi-attach/i,
    "its volume is still attached to another node",
    "A volume of ReadWriteOnce is attached to one node at a time, and the one before still has it: a pod there still runs, or that node was lost.",
    "See where the other pod is; where its node is dead, take the node out of service (`node.kubernetes.io/out-of-service`).",
  ],
  [
    /permission denied|access denied/i,
    "its volume may not be used",
    "The storage refuses this node or user.",
    "Check exports, credentials and the driver's rights.",
  ],
  [
    /timed out|deadline/i,
    "its volume does not come in time",
    "Attaching or mounting took longer than the kubelet waits; the reason stands in an earlier event where there is one.",
    "Look at the CSI driver's pods on that node and at the storage.",
  ],
];

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
  return {
    kind: "sandbox",
    container: undefined,
    title: "cannot be given a network",
    because: `The runtime cannot make the pod's sandbox: as a rule the network plugin on the node, or no address is left. It says: ${clip(sandbox.message, 300)}`,
    advice: {
      key: "fixNode",
      text: "Look at the network plugin's pod on that node, its log, and the free addresses of its range.",
    },
    acts: [],
  };
}
