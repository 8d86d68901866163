import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmulatedCluster, emulatedCluster, TOKEN } from "../../helpers/kubernetes/api-server.ts";
import { type Exchange, recorded } from "../../helpers/kubernetes/fixtures.ts";
import { isFields } from "../../helpers/kubernetes/objects.ts";

// The emulated API server answers what a real one was recorded to answer.
let cluster: EmulatedCluster;
beforeAll(async () => {
  cluster = await emulatedCluster();
  cluster.users.set("read-only", "system:serviceaccount:chatops:chatops-readonly");
});
afterAll(() => cluster.close());

const READ_ONLY = "system:serviceaccount:chatops:chatops-readonly";

async function again({ request }: Exchange): Promise<{ status: number; type: string; body: unknown }> {
  const { as } = request;
  const token =
    as === undefined ? TOKEN : as === READ_ONLY ? "read-only" : as === "anonymous" ? "" : "invalid";
  cluster.denies =
    as === READ_ONLY
      ? (verb, resource, _group, namespace) =>
          !["get", "list"].includes(verb) ||
          ["nodes", "secrets", "pods/exec"].includes(resource) ||
          namespace !== "production"
      : () => false;
  const answer = await fetch(`http://127.0.0.1:${cluster.port}${request.path}`, {
    method: request.method,
    headers: {
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      ...(request.headers["content-type"] ? { "content-type": request.headers["content-type"] } : {}),
    },
    ...(request.body === null || request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  const type = answer.headers.get("content-type") ?? "";
  const text = await answer.text();
  return { status: answer.status, type, body: type.includes("json") ? JSON.parse(text) : text };
}

/** What an answer is held to: names in order for a list, the whole Status for an error, the text of a log. */
function essence(body: unknown): unknown {
  if (!isFields(body)) return body;
  if (body.kind === "Status") return body;
  if (!Array.isArray(body.items)) return { name: (body.metadata as { name?: string } | undefined)?.name };
  return body.items.map((one: { metadata: { name: string } }) => one.metadata.name);
}

const held = (file: string, wanted: (one: Exchange) => boolean) =>
  recorded(file)
    .filter(wanted)
    .map(
      (one) =>
        [`${one.request.method} ${one.request.path.slice(0, 110)} (${one.note.slice(0, 60)})`, one] as const,
    );

const isPlain = ({ request: { headers, path, method } }: Exchange): boolean =>
  method === "GET" &&
  !/as=|csv/.test(headers.accept ?? "") &&
  !path.includes("watch=") &&
  !path.includes("limit=");

describe.each([
  ["pods-list", held("pods-list", (one) => isPlain(one) && !/chunk|worker/.test(one.note))],
  [
    "services-endpoints",
    held("services-endpoints", (one) => isPlain(one) && !/endpointslices/.test(one.request.path)),
  ],
  ["quota", held("quota", (one) => isPlain(one) && !/events/.test(one.request.path))],
  ["storage", held("storage", (one) => isPlain(one) && /claims/.test(one.request.path))],
  ["nodes", held("nodes", (one) => isPlain(one) && !/zone|nodeName/.test(one.request.path))],
  ["hpa", held("hpa", (one) => isPlain(one) && !/v1\/namespaces/.test(one.request.path))],
  ["jobs-read", held("jobs-read", (one) => isPlain(one) && !/labelSelector/.test(one.request.path))],
  ["namespaces", held("namespaces", (one) => isPlain(one) && !/staging/.test(one.request.path))],
  ["rbac", held("rbac", (one) => !/watch|exec|secrets|limit|log/.test(one.request.path))],
  [
    "logs",
    held(
      "logs",
      (one) =>
        isPlain(one) && !/since|timestamps|limitBytes|tailLines=(0|-|3|4|5)|follow/.test(one.request.path),
    ),
  ],
] as const)("%s", (_file, exchanges) => {
  it.each(exchanges)("%s", async (_name, exchange) => {
    const answer = await again(exchange);
    expect(answer.status).toBe(exchange.response.status);
    expect(essence(answer.body)).toEqual(essence(exchange.response.body));
    if (exchange.response.status === 204) expect(answer.type).toBe("");
  });
});

describe("writes it refuses, in the server's own words", () => {
  const cases = [
    ...held(
      "scale",
      (one) => one.response.status === 404 || (one.response.status === 422 && /negative/.test(one.note)),
    ),
    ...held(
      "set-resources",
      (one) =>
        one.response.status === 422 &&
        /name|below/.test(one.note) &&
        !/selector|quantity|label/.test(one.note),
    ),
    ...held("rollout-undo", (one) => one.response.status === 422),
    ...held("errors", (one) => one.response.status === 415 && one.request.method === "PATCH"),
    ...held("dry-run", (one) => /-2/.test(JSON.stringify(one.request.body))),
    ...held("cordon-drain", (one) => /node-9/.test(one.request.path)),
  ];
  it.each(cases)("%s", async (_name, exchange) => {
    // As the state was when it was recorded.
    if (/below/.test(exchange.note)) await again(raised());
    const answer = await again(exchange);
    expect(answer.status).toBe(exchange.response.status);
    expect(answer.body).toMatchObject({ message: (exchange.response.body as { message: string }).message });
  });
});

const raised = (): Exchange => {
  const found = recorded("set-resources").find(({ note }) => note.startsWith("raise the memory limit"));
  if (found === undefined) throw new Error("not recorded");
  return found;
};

it("a stale resourceVersion in a patch is a conflict, a uid precondition too", async () => {
  const stale = recorded("scale").find(({ note }) => /PATCH with a stale/.test(note));
  const uid = recorded("delete-pod").find(({ note }) => /wrong uid/.test(note));
  if (stale === undefined || uid === undefined) throw new Error("not recorded");
  expect(await again(stale)).toMatchObject({ status: 409, body: stale.response.body });
  const other = { ...uid, request: { ...uid.request, path: "/api/v1/namespaces/production/pods/redis-0" } };
  expect(await again(other)).toMatchObject({ status: 409, body: { reason: "Conflict" } });
});

it("dry run changes nothing; a change raises generation and resourceVersion", async () => {
  const path = "/apis/apps/v1/namespaces/production/deployments/worker";
  const patch = (query: string): Exchange => ({
    note: "",
    request: {
      method: "PATCH",
      path: `${path}${query}`,
      headers: { "content-type": "application/merge-patch+json" },
      body: { spec: { replicas: 4 } },
    },
    response: { status: 200, headers: {}, body: {} },
  });
  const read = async () => {
    const get = { ...patch(""), request: { method: "GET", path, headers: {}, body: null } };
    return (await again(get)).body as {
      spec: { replicas: number };
      metadata: { generation: number; resourceVersion: string };
    };
  };
  const before = await read();
  expect((await again(patch("?dryRun=All"))).body).toMatchObject({ spec: { replicas: 4 } });
  expect(await read()).toEqual(before);
  await again(patch(""));
  const after = await read();
  expect([after.spec.replicas, after.metadata.generation]).toEqual([4, before.metadata.generation + 1]);
  expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion);
});
