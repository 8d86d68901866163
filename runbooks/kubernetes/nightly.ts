import { shellWord } from "../../src/sdk/index.ts";
import type { Workload } from "./changes.ts";

/** A tag may become another image over night. */
const IMAGE = "<your registry>/kubectl@sha256:<digest>";

/** A word of YAML that is a text, whatever it looks like. */
const text = (word: string): string => JSON.stringify(word.replace(/\p{C}+/gu, " "));

/** A schedule of diagbot does not change anything without approval: the cluster's own does. */
export function adviseNightly(one: Workload | undefined): string {
  const { namespace, name, kind } = one ?? {
    ...{ namespace: "<namespace>", name: "<name>" },
    kind: "Deployment" as const,
  };
  const own = `restart-${name}`;
  return [
    `Only until the leak is found, and with a day on which it is taken away. A CronJob with an account that may patch this one workload and nothing else:`,
    "```",
    manifest({ namespace, name, kind, own }),
    "```",
    `k8s-jobs sees it fail. \`kubectl -n ${shellWord(namespace)} delete cronjob ${shellWord(own)}\` takes it away.`,
  ].join("\n");
}

function manifest(of: Pick<Workload, "namespace" | "name" | "kind"> & { readonly own: string }): string {
  const [own, kind] = [text(of.own), of.kind.toLowerCase()];
  const metadata = `metadata: { name: ${own}, namespace: ${text(of.namespace)} }`;
  return `apiVersion: v1
kind: ServiceAccount
${metadata}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
${metadata}
rules: [{ apiGroups: [apps], resources: [${kind}s], resourceNames: [${text(of.name)}], verbs: [get, patch] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
${metadata}
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: ${own} }
subjects: [{ kind: ServiceAccount, name: ${own} }]
---
apiVersion: batch/v1
kind: CronJob
${metadata}
spec:
  schedule: "0 3 * * *"
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 600
  jobTemplate:
    spec:
      backoffLimit: 0
      activeDeadlineSeconds: 300
      template:
        spec:
          serviceAccountName: ${own}
          restartPolicy: Never
          containers: [{ name: kubectl, image: "${IMAGE}", args: [rollout, restart, ${text(`${kind}/${of.name}`)}] }]`;
}
