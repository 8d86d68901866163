import { expect, it } from "vitest";
import type { Node, Sight } from "../../../../runbooks/kubernetes/case.ts";
import { nodeFindings, sayNodes } from "../../../../runbooks/kubernetes/node-findings.ts";
import { whyNotMade } from "../../../../runbooks/kubernetes/not-made.ts";

const CALL = 'Internal error occurred: failed calling webhook "vpod.kyverno.svc": failed to call webhook: ';

it.each([
  [
    `${CALL}Post "https://kyverno-svc.kyverno.svc:443/validate?timeout=10s": tls: failed to verify certificate: x509: certificate has expired or is not yet valid`,
    /cannot be called: its certificate/,
    /caBundle/,
  ],
  [
    `${CALL}Post "https://kyverno-svc.kyverno.svc:443/validate?timeout=10s": dial tcp 10.1.2.3:443: connect: connection refused`,
    /webhook cannot be called$/,
    /endpoints/,
  ],
  [
    'admission webhook "validate.kyverno.svc-fail" denied the request: label team is required',
    /webhook refuses/,
    /template/,
  ],
  [
    'pods "api-7d" is forbidden: exceeded quota: compute, requested: limits.memory=2Gi',
    /quota is used up/,
    /raise it/,
  ],
  [
    'pods "api-7d" is forbidden: error looking up service account shop/api: serviceaccount "api" not found',
    /service account is missing/,
    /Create the service account/,
  ],
  [
    'pods "api-7d" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
    /security level/,
    /securityContext/,
  ],
] as const)("pods are not made: %s", (refusal, what, advice) => {
  const why = whyNotMade(refusal);
  expect(why.what).toMatch(what);
  expect(why.advice).toMatch(advice);
  // What helps against a quota helps against nothing else.
  expect(/resourcequota/.test(why.advice)).toBe(/quota/.test(refusal));
});

const node = (ready: Node["ready"], reason: string, message: string): Node => ({
  ...{ name: "n1", uid: "u", ready, reason, message, since: null, pressures: [] },
  ...{ unschedulable: false, taints: [], memory: null, cpu: null },
});
const said = (one: Node) => {
  const nodes = { nodes: [one] } as unknown as NonNullable<Sight["nodes"]>;
  const sight = { pods: { pods: [] }, nodes } as unknown as Sight;
  return { title: nodeFindings(sight, [], new Date())[0]?.title ?? "", advice: sayNodes(nodes) };
};

it.each([
  ["no", "KubeletNotReady", "PLEG is not healthy: pleg was last seen active 4m12s ago", /runtime/, /crictl/],
  [
    "no",
    "KubeletNotReady",
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
    /network plugin/,
    /DaemonSet/,
  ],
  ["unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", /not heard of/, /kubelet runs/],
] as const)("a node: %s %s %s", (ready, reason, message, title, advice) => {
  const found = said(node(ready, reason, message));
  expect(found.title).toMatch(title);
  expect(found.advice).toMatch(advice);
});
