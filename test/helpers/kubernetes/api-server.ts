import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listening } from "../web-server.ts";
import { answerTo, type World } from "./answers.ts";
import { recordedCluster, recordedLogs } from "./fixtures.ts";
import type { KubeObject } from "./objects.ts";
import { Store } from "./store.ts";

export const TOKEN = "a-token-of-the-emulated-cluster";
export const USER = "system:serviceaccount:chatops:chatops-bot";

export interface EmulatedCluster extends World {
  readonly port: number;
  /** Settings of a connection to it. */
  settings(more?: Record<string, unknown>): Record<string, unknown>;
  /** A kubeconfig of its own, whose user is `user`. Returns its path. */
  kubeconfig(user: Record<string, unknown>, port?: number): string;
  /** Requests so far, as `METHOD path?query`. */
  readonly requests: string[];
  close(): Promise<void>;
}

interface Options {
  /** Default: the recorded cluster. */
  readonly objects?: readonly KubeObject[];
  readonly logs?: ReadonlyMap<string, string>;
  /** API versions it serves besides v1 and apps/v1. Default: those of the recorded v1.20. */
  readonly serves?: readonly string[];
  /** Speaks TLS with these keys; `ca` (PEM) then stands in the kubeconfig. */
  readonly tls?: ServerOptions & { readonly authority: string };
}

const OF_1_20 = [
  "batch/v1/jobs",
  "batch/v1beta1/cronjobs",
  "autoscaling/v2beta2/horizontalpodautoscalers",
  "policy/v1beta1/poddisruptionbudgets",
  "networking.k8s.io/v1/ingresses",
  "networking.k8s.io/v1/networkpolicies",
];
/** What a current server has of them. */
export const CURRENT = [
  "batch/v1/jobs",
  "batch/v1/cronjobs",
  "autoscaling/v2/horizontalpodautoscalers",
  "policy/v1/poddisruptionbudgets",
  "networking.k8s.io/v1/ingresses",
  "networking.k8s.io/v1/networkpolicies",
];

/** An API server in memory, held to the recordings by test/unit/helpers/kubernetes.test.ts. */
export async function emulatedCluster({
  objects,
  logs,
  serves = OF_1_20,
  tls,
}: Options = {}): Promise<EmulatedCluster> {
  const world: World = {
    store: new Store(objects ?? recordedCluster()),
    logs: new Map(logs ?? recordedLogs()),
    serves: new Set(serves),
    users: new Map([[TOKEN, USER]]),
    denies: () => false,
    version: "v1.20.2",
    ready: true,
    metrics: undefined,
    fails: () => undefined,
    pageSize: undefined,
  };
  const requests: string[] = [];
  const listener: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    void serve(world, request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const { port, close } = await listening(server);
  const folder = mkdtempSync(join(tmpdir(), "diagbot-kube-"));
  const kubeconfig: EmulatedCluster["kubeconfig"] = (user, at = port) => {
    const path = join(folder, `${randomUUID()}.json`);
    // JSON is YAML.
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "c",
          cluster: {
            server: `${tls === undefined ? "http" : "https"}://127.0.0.1:${at}`,
            ...(tls === undefined
              ? { "insecure-skip-tls-verify": true }
              : { "certificate-authority-data": Buffer.from(tls.authority).toString("base64") }),
          },
        },
      ],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  };
  const path = kubeconfig({ token: TOKEN });
  return Object.assign(world, {
    port,
    requests,
    kubeconfig,
    settings: (more = {}) => ({ kubeconfig: path, namespace: "production", ...more }),
    close: async () => {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}

async function serve(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const answer = answerTo(world, {
    method: request.method ?? "GET",
    url: new URL(request.url ?? "/", "http://api"),
    type: request.headers["content-type"] ?? "",
    token: /^Bearer (.*)$/.exec(request.headers.authorization ?? "")?.[1],
    body: Buffer.concat(chunks).toString("utf8"),
  });
  if (answer.status === 204) {
    // As the real one: neither a body nor a content type.
    response.writeHead(204).end();
    return;
  }
  const isText = typeof answer.body === "string";
  response
    .writeHead(answer.status, {
      "content-type": isText ? "text/plain; charset=utf-8" : "application/json",
      ...answer.headers,
    })
    .end(isText ? answer.body : JSON.stringify(answer.body));
}
