import { afterEach, describe, expect, it, test } from "vitest";
import { k8sPooler } from "../../../runbooks/kubernetes/k8s-pooler.ts";
import { breaks } from "../../../runbooks/kubernetes/pooler.ts";
import { type EmulatedCluster, emulatedCluster } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import { at, type KubeObject } from "../../helpers/kubernetes/objects.ts";
import { theOne, wellCluster } from "../../helpers/kubernetes/well.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster;
let bench: Bench;
const HOST = "DATABASE_HOST";

/** A deployment like the worker, with these variables. */
function withEnv(name: string, env: readonly object[]): KubeObject {
  const one = theOne("Deployment", "worker");
  const containers = at(one, "spec.template.spec.containers") as object[];
  const [first] = containers;
  const template = at(one, "spec.template") as { spec: object };
  return {
    ...one,
    metadata: { ...one.metadata, name, uid: `uid-${name}` },
    spec: {
      ...one.spec,
      template: { ...template, spec: { ...template.spec, containers: [{ ...first, env }] } },
    },
  };
}
const begin = async (...objects: KubeObject[]) => {
  cluster = await emulatedCluster({ objects: [...wellCluster(), ...objects] });
  bench = benchOn(cluster, { variables: [HOST, "DATABASE_PORT"] });
};
afterEach(async () => {
  await bench.close();
  await cluster.close();
});
const envOf = (name: string) =>
  at(
    cluster.store
      .list({ group: "apps", plural: "deployments", namespace: "production" })
      .find(({ metadata }) => metadata.name === name) ?? {},
    "spec.template.spec.containers",
  );
const asked = { workload: "app", canary: "app-canary", host: "pgbouncer", port: "6432" };
const plain = [
  { name: HOST, value: "postgres" },
  { name: "SECRET", value: "s3cret" },
];

describe("a workload and a pooler", () => {
  test("trap k8s-set-env-pgbouncer: the canary first, the rest only once it is whole, and back by the undo", async () => {
    await begin(withEnv("app", plain), withEnv("app-canary", plain));
    const first = await bench.diagnose(k8sPooler, asked);
    expect(first.findings.map(({ id, remedies }) => [id, ...remedies])).toEqual([
      ["canary-asked", "canaryFirst", "fitProgram"],
    ]);
    expect((await first.apply("all")).calls).toEqual([]);
    const before = envOf("app-canary");
    const canary = await first.apply("canaryFirst");
    expect(canary.previews[0]?.changes[0]).toContain(
      "set DATABASE_HOST=pgbouncer, DATABASE_PORT=6432 in container",
    );
    expect(JSON.stringify(envOf("app"))).not.toContain("pgbouncer");
    const second = await bench.diagnose(k8sPooler, asked);
    expect(second.findings[0]).toMatchObject({ id: "all-asked", remedies: ["all", "fitProgram"] });
    const all = await second.apply("all");
    expect(JSON.stringify(envOf("app"))).toContain('"pgbouncer"');
    expect((await bench.diagnose(k8sPooler, asked)).findings).toEqual([]);
    await all.undo();
    await canary.undo();
    expect(envOf("app-canary")).toEqual(before);
    expect(JSON.stringify(envOf("app"))).not.toContain("pgbouncer");
  });

  test("trap k8s-set-env-pgbouncer: no canary, no change; what a Secret holds is not set over", async () => {
    const secret = [{ name: HOST, valueFrom: { secretKeyRef: { name: "db", key: "host" } } }];
    await begin(withEnv("app", plain), withEnv("app-canary", secret));
    const { canary: _none, ...alone } = asked;
    for (const params of [alone, { ...asked, canary: "app" }]) {
      const run = await bench.diagnose(k8sPooler, params);
      expect(run.findings.map(({ id }) => id)).toEqual(["no-canary"]);
      expect((await run.apply("all")).calls).toEqual([]);
    }
    expect((await bench.diagnose(k8sPooler, asked)).findings.map(({ id }) => id)).toEqual(["from-elsewhere"]);
  });

  it("reads no variable that was not named, and sets none", async () => {
    await begin(withEnv("app", plain), withEnv("app-canary", plain));
    const { seen } = await bench.diagnose(k8sPooler, asked);
    expect(JSON.stringify(seen)).not.toContain("s3cret");
    const uid = "uid-app";
    const call = {
      action: "kubernetes.set-variables",
      input: {
        ...{ namespace: "production", name: "app", uid, kind: "Deployment", container: "worker" },
        ...{ from: { SECRET: null }, to: { SECRET: "x" } },
      },
    };
    expect((await bench.preview(call)).refused).toMatch(/none of `variables:`|no longer at/);
  });
});

test("trap k8s-set-env-pgbouncer: what a pool by transaction would lose stands in the way, and nothing of one by session", () => {
  const nothing = {
    ...{ advisoryLocks: 0, listeners: 0, temporaryTables: 0, settings: 0, prepared: 0, cursors: 0 },
    applications: [],
  };
  const by = (poolMode: string) => ({ poolMode }) as never;
  expect(breaks({ kept: nothing, bouncer: by("transaction") })).toEqual([]);
  const kept = { ...nothing, advisoryLocks: 2, listeners: 1 };
  expect(breaks({ kept, bouncer: by("transaction") })).toEqual([
    "2 advisory locks kept between transactions",
    "1 session that LISTENs",
  ]);
  // Without a word of the pooler the stricter one is meant.
  expect(breaks({ kept })).toHaveLength(2);
  expect(breaks({ kept, bouncer: by("session") })).toEqual([]);
});
