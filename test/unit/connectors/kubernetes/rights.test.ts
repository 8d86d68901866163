import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { sayRule } from "../../../../src/connectors/kubernetes/api/errors.ts";
import { sayRights } from "../../../../src/connectors/kubernetes/check.ts";
import { RIGHTS } from "../../../../src/connectors/kubernetes/rights.ts";

it("the documentation gives every right that is used, in the role it belongs to", () => {
  const text = readFileSync(new URL("../../../../docs/connectors/kubernetes.md", import.meta.url), "utf8");
  const roles = new Map(
    [...text.matchAll(/kind: (?:Cluster)?Role\nmetadata: \{ name: ([\w-]+).*\nrules:\n((?: *- .*\n)+)/g)].map(
      ([, name, rules = ""]) => [name, rules.trim().split(/\n */)],
    ),
  );
  const of = (wanted: (one: (typeof RIGHTS)[number]) => boolean) => RIGHTS.filter(wanted).map(sayRule);
  expect(roles.get("diagbot-look")).toEqual(of((one) => one.scope === "namespace" && one.for !== "write"));
  expect(roles.get("diagbot-remedies")).toEqual(
    of((one) => one.scope === "namespace" && one.for === "write"),
  );
  expect(roles.get("diagbot-nodes")).toEqual(of((one) => one.scope === "cluster"));
});

it("what is missing is said as a Role to paste, per namespace; without pods nothing works", () => {
  const [pods] = RIGHTS;
  const nodes = RIGHTS.find((one) => one.resource === "nodes");
  if (pods === undefined || nodes === undefined) throw new Error("no right");
  const [rights, remedies] = sayRights([
    { ...pods, namespace: "shop" },
    { ...nodes, verbs: ["get"], namespace: null },
  ]);
  expect(rights).toMatchObject({ state: "missing", detail: "the account may not: pods; nodes" });
  expect(rights?.paste).toEqual([
    "---",
    "apiVersion: rbac.authorization.k8s.io/v1",
    "kind: Role",
    "metadata: { name: diagbot-look, namespace: shop }",
    "rules:",
    '  - { apiGroups: [""], resources: ["pods"], verbs: ["list"] }',
    "---",
    "apiVersion: rbac.authorization.k8s.io/v1",
    "kind: ClusterRole",
    "metadata: { name: diagbot-look }",
    "rules:",
    '  - { apiGroups: [""], resources: ["nodes"], verbs: ["get"] }',
  ]);
  expect(remedies).toEqual({ name: "remedies", state: "ok", detail: "may carry out all remedies" });
});
