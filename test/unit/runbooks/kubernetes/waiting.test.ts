import { describe, expect, it } from "vitest";
import type { Container, Event, Pod } from "../../../../runbooks/kubernetes/case.ts";
import { schedulingCause } from "../../../../runbooks/kubernetes/scheduling.ts";
import { configCause, imageCause, mountCause } from "../../../../runbooks/kubernetes/waiting-cause.ts";

const container = (message: string): Container => ({
  ...{ name: "api", role: "main", image: "registry.lab/api:1", state: "waiting", reason: "Waiting", message },
  ...{ startedAt: null, ready: false, restarts: 0, ended: null, last: null, memoryLimit: null },
  ...{ memoryRequest: null, cpuLimit: null, cpuRequest: null, liveness: "", readiness: "", startup: "" },
});
const event = (reason: string, message: string): Event => ({
  ...{ namespace: "shop", kind: "Pod", name: "api-1", uid: "u", field: "", isWarning: true, count: 1 },
  ...{ reason, message, at: null },
});
const pod = (unschedulable: string): Pod => ({
  ...{ namespace: "shop", name: "api-1", uid: "u", owner: null, isControlled: false, node: null },
  ...{ phase: "Pending", reason: "", message: "", deletedAt: null, graceSeconds: null, finalizers: [] },
  ...{
    ready: false,
    readySince: null,
    restartPolicy: "Always",
    containers: [],
    createdAt: null,
    unschedulable,
  },
});

describe("an image", () => {
  const cause = (said: string) =>
    imageCause(container(""), [event("Failed", `Failed to pull image "x": ${said}`)]);
  it.each([
    [
      "failed to resolve: unexpected status from HEAD request to https://r/v2/x: 503 Service Unavailable",
      "the registry fails itself",
    ],
    ["http: server gave HTTP response to HTTPS client", "speaks HTTP without TLS"],
    [
      "rpc error: dial unix /run/containerd/containerd.sock: connect: connection refused",
      "container runtime does not answer",
    ],
    [
      "failed commit on ref: unexpected commit digest sha256:aa, expected sha256:bb",
      "what was received is not the image",
    ],
    ["media type manifest.v1+prettyjws is no longer supported", "a format the runtime no longer takes"],
    ["image signature verification failed", "its signature is not accepted"],
    // Decoys.
    ["dial tcp 10.0.0.1:443: connect: connection refused", "does not reach the registry"],
    ["toomanyrequests: You have reached your pull rate limit", "limits pulls"],
    ["dial tcp: lookup registry.local on 10.0.0.2:53: no such host", "does not find the registry's name"],
    [
      "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
      "not there, or not for this account",
    ],
    ["unauthorized: incorrect username or password", "does not let the node in"],
    ["tls: failed to verify certificate: x509: certificate signed by unknown authority", "does not trust"],
    ["x509: certificate has expired or is not yet valid: current time 2026-12-01", "out of its dates"],
    ["x509: certificate is valid for a.lab, not registry.lab", "for another name"],
  ])("%s: %s", (said, short) => expect(cause(said).title).toContain(short));

  it("what is no fault of the template is not taken back", () => {
    expect(cause("503 Service Unavailable").acts).toEqual([]);
    expect(cause("dial unix /run/containerd/containerd.sock: connection refused").acts).toEqual([]);
    expect(cause("manifest unknown").acts).toEqual(["undo"]);
  });
});

it.each([
  ["container init was OOM-killed (memory limit too low?)", "memory limit is too low to start at all"],
  ["nvidia-container-cli: initialization error: nvml error: driver not loaded", "GPU driver does not work"],
  ['error mounting "x" to rootfs at "/etc/app.conf": not a directory', "joins a file and a folder"],
  ["exec /app/start.sh: exec format error", "not for the node's CPU"],
  ["apparmor profile is not loaded", "a security profile is not on the node"],
  // A decoy.
  ['configmap "app" not found', "a ConfigMap or Secret is missing"],
])("a container: %s", (said, short) => expect(configCause(container(said)).title).toContain(short));

it.each([
  ["FailedMount", "mount.nfs: Connection timed out", "its file server does not answer"],
  [
    "FailedMount",
    "wrong fs type, bad option, bad superblock on /dev/sdb, missing codepage",
    "cannot be mounted",
  ],
  ["FailedMount", "An operation with the given Volume ID 1 already exists", "an earlier attempt"],
  [
    "FailedAttachVolume",
    "CSINode ip-10-0-0-1 does not contain driver ebs.csi.aws.com",
    "driver is not on that node",
  ],
  ["FailedAttachVolume", "AttachVolumeLimitExceeded: maximum volume count", "as many volumes as it may"],
  ["FailedMount", 'failed to fetch token: serviceaccounts "x" not found', "service account is missing"],
  ["FailedMount", "mkdir /var/lib/kubelet/pods/x: no space left on device", "the node's disk is full"],
  ["FailedMount", "hostPath type check failed: /data is not a directory", "the node has no such path"],
  [
    "FailedMount",
    "Unable to attach or mount volumes: timed out waiting for the condition",
    "does not come in time",
  ],
  [
    "FailedCreatePodSandBox",
    "plugin type=calico failed: connection is unauthorized",
    "may not ask the cluster",
  ],
  [
    "FailedCreatePodSandBox",
    "add cmd: failed to assign an IP address to container",
    "no address is left for it",
  ],
  [
    "FailedCreatePodSandBox",
    'failed to get sandbox image "registry.k8s.io/pause:3.6": i/o timeout',
    "image of its sandbox",
  ],
  [
    "FailedCreatePodSandBox",
    "open /run/flannel/subnet.env: no such file or directory",
    "not set up on its node",
  ],
])("%s: %s", (reason, said, short) => expect(mountCause([event(reason, said)])?.title).toContain(short));

it.each([
  [
    "3 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }",
    "under disk pressure",
    /would only send it there/,
  ],
  ["3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }", "its nodes are not ready", /kubelet/],
  ["3 node(s) had untolerated taint {dedicated: gpu}", "taints keep it away", /toleration where it may/],
  ["2 node(s) exceed max volume count", "as many volumes as they may", /volumeattachments/],
  ["3 node(s) didn't match pod anti-affinity rules", "another pod's affinity", /more replicas than nodes/],
  ["3 node(s) didn't match Pod's node affinity/selector", "no node fits its selector", /labels/],
  ["3 node(s) didn't match PersistentVolume's node affinity", "its volume is in another zone", /zone/],
])("the scheduler: %s", (said, short, advice) => {
  const cause = schedulingCause(pod(`0/3 nodes are available: ${said}.`), [], []);
  expect(cause.title).toContain(short);
  expect(cause.advice.text).toMatch(advice);
});

it("a cluster without a node, and a claim that is being deleted", () => {
  expect(schedulingCause(pod("no nodes available to schedule pods"), [], []).title).toContain(
    "there are no nodes",
  );
  const claim = 'error getting PVC "a/b": persistentvolumeclaim "b" is being deleted';
  expect(schedulingCause(pod(claim), [], []).title).toContain("its volume claim is being deleted");
});
