import type { Row } from "./waiting-words.ts";

/** Why a volume does not come, in the kubelet's words; most specific first. */
export const MOUNT: readonly Row[] = [
  [
    /no space left on device/i,
    "the node's disk is full",
    "The kubelet could not make the folder of the volume: the node's own disk has no room.",
    "Free the node's disk (images, logs, emptyDirs); the volume has no part in it.",
  ],
  [
    /serviceaccounts? "[^"]+" not found/i,
    "its service account is missing",
    "The token of a service account is mounted, and the namespace has none of this name.",
    "Create the account, or correct `serviceAccountName`.",
  ],
  [
    /secretproviderclass|secrets[- ]store/i,
    "the secrets store gives nothing",
    "A volume of the secrets store driver: its SecretProviderClass is missing, or the store refuses or does not answer; the kubelet's words say which.",
    "Look at the SecretProviderClass of the same namespace, the driver's pods on that node and the pod's right to the store.",
  ],
  [
    /hostPath type check failed/i,
    "the node has no such path",
    "A hostPath names a file, folder or socket that this node does not have, or of another type.",
    "Correct the path or its `type`, or choose the nodes that have it.",
  ],
  [
    /does not contain driver|not found in the list of registered CSI drivers|CSINode [^\n]{0,100} not found/i,
    "its storage driver is not on that node",
    "The node has not registered the CSI driver of the volume.",
    "See whether the driver's DaemonSet has a ready pod there (taints, resources), and its registrar's log.",
  ],
  [
    /max(imum)? (volume|attach)[^\n]{0,20}(count|limit)|AttachVolumeLimitExceeded|volume limits? exceeded/i,
    "the node has as many volumes as it may",
    "A machine of the cloud takes a certain number of disks; those of pods that left count until they are detached.",
    "Move pods with volumes to other nodes, or take larger or more nodes; `kubectl get volumeattachments` shows what is left over.",
  ],
  [
    /mount\.nfs|nfs[^\n]{0,300}(timed out|refused|no route|unreachable)|host is down/i,
    "its file server does not answer",
    "The network share could not be reached from that node, or refuses it.",
    "From the node: the server's address, port 2049, its exports for this node; firewall rules between them.",
  ],
  [
    /wrong fs type|bad superblock|missing codepage/i,
    "its file system cannot be mounted",
    "Either the node lacks the helper for it (nfs-common, cifs-utils), or the disk holds another file system than the claim says, or a damaged one: the message is the same for all.",
    "To tell them apart on the node: `which mount.nfs mount.cifs`, `blkid DEVICE`, `dmesg | tail`. No fsck before a snapshot was made.",
  ],
  [
    /operation with the given volume id [^\n]{0,200}already exists/i,
    "an earlier attempt on its volume still goes on",
    "The driver works on the same volume and does not take a second request; why the first one does not end stands in its log.",
    "Look at the CSI driver's log for that volume, and at the storage.",
  ],
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

/** Why a pod gets no sandbox: most often its network. */
export const SANDBOX: readonly Row[] = [
  [
    /sandbox image|\/pause[:@]/i,
    "the image of its sandbox cannot be had",
    "The runtime makes every pod around a small image of its own (pause), and could not get it: no pod of that node can start, its own image has no part in it.",
    "From the node: the registry that the runtime's `sandbox_image` names; load the image there, or name a mirror.",
  ],
  [
    /failed to assign an ip|no (free )?ip addresses? available|no available ip|no more ips|ip address (pool|range)[^\n]{0,40}(exhausted|full)|InsufficientFreeAddresses/i,
    "no address is left for it",
    "The range of addresses for pods of that node or subnet is used up.",
    "See the free addresses of the subnet or block (AWS: ENIs and prefix delegation; Calico: `calicoctl ipam show`); leaked ones of pods that are gone count, too.",
  ],
  [
    /unauthorized|connection is unauthorized/i,
    "its network plugin may not ask the cluster",
    "The plugin's token on that node is no longer valid.",
    "Restart the network plugin's pod on that node: it writes its credentials anew; see why they were not renewed (clock of the node).",
  ],
  [
    /subnet\.env|cni (config|plugin)[^\n]{0,40}(uninitiali[sz]ed|not initiali[sz]ed)|no networks found in|failed to find plugin/i,
    "the network plugin is not set up on its node",
    "The files that the network plugin writes on the node are not there: its pod has not started, or they were removed.",
    "Look at the network plugin's DaemonSet pod on that node and its log.",
  ],
  [
    /no space left on device/i,
    "the node's disk is full",
    "The runtime could not write the sandbox: the node's disk (or its inotify watches) is used up.",
    "Free the node's disk; `df -h`, `df -i` there.",
  ],
];
