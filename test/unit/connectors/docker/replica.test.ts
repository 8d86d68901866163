import { describe, expect, it, test } from "vitest";
import { moreOf, replicasFinding } from "../../../../runbooks/docker/replicas.ts";
import { anotherOf, type Made, nameOf, whyOnlyOne } from "../../../../src/connectors/docker/replica.ts";
import { Inspect } from "../../../../src/connectors/docker/shapes.ts";
import type { docker, OutputOf } from "../../../../src/sdk/index.ts";

const ID = "4f1d0c2a9b3e".padEnd(64, "0");
const LABELS = {
  "com.docker.compose.project": "shop",
  "com.docker.compose.service": "worker",
  "com.docker.compose.container-number": "1",
  "com.docker.compose.oneoff": "False",
};
const inspected = (more: { name?: string; labels?: object; host?: object } = {}) =>
  Inspect.parse({
    ...{ Id: ID, Name: more.name ?? "/shop-worker-1", Created: "", Image: "sha256:a" },
    State: { Status: "running", ExitCode: 0, StartedAt: "2026-01-01T00:00:00Z", FinishedAt: "" },
    Config: { Image: "worker:latest", Labels: { ...LABELS, ...more.labels } },
    HostConfig: { NetworkMode: "shop_default", ...more.host },
  });
const made = (more: { host?: object; networks?: object } = {}): Made =>
  ({
    ...{ Id: ID, Name: "/shop-worker-1", Image: "sha256:a" },
    Config: {
      ...{ Image: "worker:latest", Hostname: ID.slice(0, 12), Env: ["TOKEN=x"], Cmd: ["run"] },
      Labels: { ...LABELS, "com.docker.compose.replace": "old" },
    },
    HostConfig: { NetworkMode: "shop_default", Binds: ["data:/data"], ...more.host },
    NetworkSettings: {
      Networks: more.networks ?? {
        shop_default: { Aliases: ["shop-worker-1", "worker", ID.slice(0, 12)], IPAMConfig: null },
      },
    },
  }) as Made;

describe("one more of a compose service", () => {
  test("trap compose-scale: what only one can have keeps there from being two", () => {
    expect(whyOnlyOne(inspected(), made())).toBeUndefined();
    const ports = (HostPort: string) => inspected({ host: { PortBindings: { "80/tcp": [{ HostPort }] } } });
    expect(whyOnlyOne(ports("8080"), made())).toMatch(/publishes port 8080/);
    // A port of the engine's choice, or one of a range, each gets its own.
    for (const free of ["", "0", "8080-8089"]) expect(whyOnlyOne(ports(free), made())).toBeUndefined();
    expect(whyOnlyOne(inspected({ name: "/the-worker" }), made())).toMatch(/container_name/);
    expect(whyOnlyOne(inspected({ host: { NetworkMode: "host" } }), made())).toMatch(
      /network of the machine/,
    );
    expect(
      whyOnlyOne(
        inspected(),
        made({ networks: { a: { Aliases: [], IPAMConfig: { IPv4Address: "172.20.0.9" } } } }),
      ),
    ).toMatch(/fixed address/);
    expect(whyOnlyOne(inspected(), made({ host: { Binds: [`${"a".repeat(64)}:/data`] } }))).toMatch(/volume/);
    expect(whyOnlyOne(inspected({ labels: { "com.docker.compose.oneoff": "True" } }), made())).toMatch(/run/);
  });

  it("is made like the first, but for its number, name, host name and what it is found by", () => {
    expect(nameOf(inspected(), 3)).toBe("shop-worker-3");
    const body = anotherOf(made(), 3, "key");
    expect(body).toMatchObject({
      ...{ Image: "sha256:a", Env: ["TOKEN=x"], Cmd: ["run"] },
      Labels: { "com.docker.compose.container-number": "3", "diagbot.added": "key" },
      HostConfig: { Binds: ["data:/data"] },
      NetworkingConfig: { EndpointsConfig: { shop_default: { Aliases: ["worker"] } } },
    });
    expect(JSON.stringify(body)).not.toMatch(/Hostname|compose\.replace/);
  });
});

describe("what is offered", () => {
  const one = (number: number, state = "running") =>
    ({
      ...{ id: `id${number}`, name: `shop-worker-${number}`, service: "worker", state, health: "none" },
      ...{ startedAt: "2026-01-01T00:00:00Z", oneOff: false },
    }) as unknown as OutputOf<typeof docker.containers>["containers"][number];
  const list = (...containers: ReturnType<typeof one>[]) =>
    ({ containers, total: containers.length }) as unknown as OutputOf<typeof docker.containers>;
  const asked = (replicas: number) => ({ service: "worker", replicas });

  test("trap compose-scale: only upward, each with a number of its own", () => {
    expect(moreOf(list(one(1), one(2)), asked(2))).toEqual([]);
    expect(replicasFinding(list(one(1), one(2)), asked(2))?.remedies).toEqual(["say"]);
    const calls = moreOf(list(one(1), one(4, "exited")), asked(3));
    expect(calls.map(({ number, container, wanted }) => [number, container, wanted])).toEqual([
      [5, "id1", 3],
      [6, "id1", 3],
    ]);
    expect(replicasFinding(list(one(1)), asked(3))?.remedies).toEqual(["addReplicas", "keepReplicas"]);
  });

  it("nothing of what does not run, and not very many at once", () => {
    expect(moreOf(list(one(1, "exited")), asked(3))).toEqual([]);
    expect(replicasFinding(list(one(1, "exited")), asked(3))?.title).toBe("None of worker runs");
    expect(moreOf(list(one(1)), asked(20))).toEqual([]);
    expect(replicasFinding(list(one(1)), asked(20))?.remedies).toEqual(["say"]);
  });
});
