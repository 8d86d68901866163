import { clip } from "../../../core/words/format.ts";
import { type BodyRead, isRecord } from "./body.ts";
import type { Component, Heard } from "./shape.ts";
import { verdictOf } from "./words.ts";

/** What a product says in a way of its own, over its status code and over the words in its body. */
export interface ProductRead extends BodyRead {
  readonly product: string;
  /** What helps against it, where it is ill. */
  readonly next?: string;
}
type Json = Record<string, unknown>;
interface Product {
  readonly name: string;
  readonly is: (json: Json, heard: Heard) => boolean;
  readonly read: (json: Json, heard: Heard) => Omit<ProductRead, "product">;
}

const has = (json: Json, ...keys: string[]): boolean => keys.every((key) => Object.hasOwn(json, key));
const part = (name: string, status: string, isGood: boolean): Component => ({
  name,
  status,
  verdict: isGood ? "healthy" : "unhealthy",
});
const healthy = (says: string, reason?: string) =>
  ({ verdict: "healthy", says, components: [], ...(reason === undefined ? {} : { reason }) }) as const;
const ill = (says: string, reason: string, next: string) =>
  ({ verdict: "unhealthy", says, components: [], reason, next }) as const;

const PRODUCTS: readonly Product[] = [
  {
    // sys/health: 200 active, 429 standby, 472 DR secondary, 473 performance standby, 501 not initialized, 503 sealed.
    name: "Vault",
    is: (json) => has(json, "initialized", "sealed"),
    read: (json) => {
      if (json.initialized === false)
        return ill(
          "not initialized",
          "Vault was never initialized: it holds nothing yet",
          "Initialize it (`vault operator init`), or correct the address if another Vault is meant.",
        );
      if (json.sealed === true)
        return ill(
          "sealed",
          "Vault is sealed: it answers nobody until it is unsealed",
          "Unseal it (`vault operator unseal`), and see why it was sealed: a restart without auto-unseal, or a key service that does not answer.",
        );
      if (json.performance_standby === true) return healthy("performance standby");
      if (json.replication_dr_mode === "secondary") return healthy("disaster recovery secondary");
      return healthy(json.standby === true ? "standby" : "active");
    },
  },
  {
    name: "Elasticsearch",
    is: (json) =>
      has(json, "cluster_name", "status") && (has(json, "number_of_nodes") || has(json, "timed_out")),
    read: (json) => {
      const status = String(json.status).toLowerCase();
      const unassigned = Number(json.unassigned_shards ?? 0);
      const shards =
        Number.isFinite(unassigned) && unassigned > 0
          ? `${unassigned} shards are not assigned`
          : "shards are not assigned";
      const next =
        "Ask why: `GET _cluster/allocation/explain`; usual reasons are a full disk (watermark), a node that left, or an allocation filter.";
      if (status === "red")
        return ill("red", `${shards}, primary ones among them: part of the data cannot be read`, next);
      if (status !== "yellow") return healthy(status);
      if (Number(json.number_of_data_nodes) === 1)
        return healthy(
          "yellow",
          "one data node has no place for replicas: yellow for as long as an index asks for them",
        );
      return {
        verdict: "degraded",
        says: "yellow",
        components: [],
        reason: `${shards}: all data is there, but not every copy`,
        next,
      };
    },
  },
  {
    name: "Patroni",
    is: (json) => isRecord(json.patroni) && has(json, "state"),
    read: (json, { path, status }) => {
      const role = String(json.role ?? "member");
      if (json.state !== "running")
        return ill(
          String(json.state).slice(0, 60),
          "Patroni says that its Postgres does not run",
          "Run pg-connectivity, and read Patroni's and Postgres' logs.",
        );
      return status < 400
        ? healthy(`running, ${role}`.slice(0, 60))
        : healthy(
            `running, ${role}`.slice(0, 60),
            `${path} asks for another role than ${role.slice(0, 40)}: Patroni answers ${status} to that by design`,
          );
    },
  },
  {
    // System.Text.Json writes the enum HealthStatus as its number: 0 Unhealthy, 1 Degraded, 2 Healthy.
    name: "ASP.NET health checks",
    is: (json) =>
      isRecord(json.entries ?? json.Entries) && [0, 1, 2].includes((json.status ?? json.Status) as number),
    read: (json) => {
      const words = ["Unhealthy", "Degraded", "Healthy"] as const;
      const verdicts = ["unhealthy", "degraded", "healthy"] as const;
      const at = (json.status ?? json.Status) as 0 | 1 | 2;
      const entries = (json.entries ?? json.Entries) as Json;
      const components = Object.entries(entries)
        .slice(0, 30)
        .flatMap(([name, entry]) => {
          const own = isRecord(entry) ? (entry.status ?? entry.Status) : undefined;
          return own === 0 || own === 1 || own === 2
            ? [{ name: name.slice(0, 60), status: words[own], verdict: verdicts[own] }]
            : [];
        });
      return { verdict: verdicts[at], says: words[at], components };
    },
  },
  {
    // { "status": { "overall": { "level": "available" }, "core": { "elasticsearch": { "level", "summary" } } } }
    name: "Kibana",
    is: (json) => isRecord(json.status) && levelOf(json.status.overall) !== undefined,
    read: (json) => {
      const { overall, core } = json.status as Json;
      const says = levelOf(overall) ?? "";
      const parts = Object.entries(isRecord(core) ? core : {}).slice(0, 30);
      const components = parts.flatMap(([name, one]) => {
        const level = levelOf(one);
        return level === undefined
          ? []
          : [{ name: name.slice(0, 60), status: level, verdict: verdictOf(level) }];
      });
      const reason = isRecord(overall) && typeof overall.summary === "string" ? overall.summary : undefined;
      const told = says === "available" || reason === undefined ? {} : { reason: clip(reason, 200) };
      return { verdict: verdictOf(says), says, components, ...told };
    },
  },
  {
    // The base of its API answers 401 to whoever brings no token: that is how clients learn where to get one.
    name: "Docker registry",
    is: (_json, { headers, status, sentCredentials }) =>
      status === 401 && !sentCredentials && headers["docker-distribution-api-version"] !== undefined,
    read: () => healthy("a registry", "it asks who comes without a token for one, as registries do"),
  },
  {
    name: "MinIO",
    is: (_json, { headers, status }) =>
      /^minio/i.test(headers.server ?? "") &&
      (status >= 500 || headers["x-minio-server-status"] === "offline"),
    read: () =>
      ill(
        "offline",
        "MinIO has lost its quorum or is not up yet",
        "Look at its nodes and drives (`mc admin info`).",
      ),
  },
];

const levelOf = (value: unknown): string | undefined =>
  isRecord(value) && typeof value.level === "string" ? clip(value.level, 60) : undefined;

/** Arrays a product answers with at the root. */
function ofNodes(json: readonly unknown[]): ProductRead | undefined {
  const nodes = json
    .slice(0, 30)
    .filter((one): one is Json => isRecord(one) && has(one, "mem_alarm", "running"));
  if (nodes.length === 0) return undefined;
  const components = nodes.flatMap((node) => {
    const name = String(node.name).slice(0, 60);
    if (node.running !== true) return [part(name, "not running", false)];
    if (node.mem_alarm === true) return [part(name, "memory alarm: publishers are blocked", false)];
    if (node.disk_free_alarm === true) return [part(name, "disk alarm: publishers are blocked", false)];
    return [part(name, "running", true)];
  });
  const isWell = components.every(({ verdict }) => verdict === "healthy");
  return { product: "RabbitMQ", verdict: isWell ? "healthy" : "unhealthy", components };
}

/** Undefined: no product of the table. Pure. */
export function readProduct(json: unknown, heard: Heard): ProductRead | undefined {
  if (json === "" && heard.path.endsWith("/v1/status/leader"))
    return {
      product: "Consul",
      ...ill(
        "no leader",
        "the cluster has no leader: nothing can be written",
        "See how many servers are alive (`consul operator raft list-peers`): a majority must be.",
      ),
    };
  if (Array.isArray(json)) return ofNodes(json);
  const record = isRecord(json) ? json : {};
  const found = PRODUCTS.find(({ is }) => is(record, heard));
  return found && { product: found.name, ...found.read(record, heard) };
}
