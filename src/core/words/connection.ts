import { z } from "zod";

const url = z.string().min(1).max(2000);
const seconds = z.number().positive().max(600);

/** What a system is reached by, per kind: the shape of `connections:` in diagbot.yaml. Adding a kind starts here. */
export const CONNECTION_SCHEMAS = {
  postgres: z.strictObject({ kind: z.literal("postgres"), url }),
  redis: z.strictObject({
    kind: z.literal("redis"),
    url,
    /** Guards eviction: only a `cache` may lose keys. */
    role: z.enum(["cache", "queue", "mixed"]).default("mixed"),
  }),
  http: z.strictObject({
    kind: z.literal("http"),
    url,
    health: z.string().startsWith("/").default("/health"),
    /** External dependency (someone else's API) rather than a part of this system. */
    external: z.boolean().default(false),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  prometheus: z.strictObject({
    kind: z.literal("prometheus"),
    url,
    headers: z.record(z.string(), z.string()).default({}),
    /** Names of the system's metrics where they differ from the usual ones. */
    metrics: z
      .strictObject({
        requests: z.string().default("http_requests_total"),
        duration: z.string().default("http_request_duration_seconds"),
        statusLabel: z.string().default("status"),
      })
      .prefault({}),
    /** Label matchers that select this system, e.g. `{ job: sergas-agents }`. */
    labels: z.record(z.string(), z.string()).default({}),
  }),
  tcp: z.strictObject({
    kind: z.literal("tcp"),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    tls: z.boolean().default(false),
  }),
  mongodb: z.strictObject({ kind: z.literal("mongodb"), url }),
  jaeger: z.strictObject({ kind: z.literal("jaeger"), url }),
  kubernetes: z.strictObject({
    kind: z.literal("kubernetes"),
    kubeconfig: z.string().optional(),
    context: z.string().optional(),
    namespace: z.string().min(1).max(63).default("default"),
  }),
  docker: z.strictObject({
    kind: z.literal("docker"),
    socket: z.string().default("/var/run/docker.sock"),
    /** Compose project: only its containers are seen and touched. */
    project: z.string().optional(),
  }),
  host: z
    .strictObject({
      kind: z.literal("host"),
      local: z.boolean().default(false),
      /** user@host[:port]; the host key must be in `knownHosts` (default ~/.ssh/known_hosts). */
      ssh: z
        .string()
        .regex(/^[a-z_][a-z0-9_-]*@[a-z0-9.:[\]-]+$/i, "user@host or user@host:port")
        .optional(),
      identity: z.string().optional(),
      /** Socket of an ssh agent, e.g. `${SSH_AUTH_SOCK}`. */
      agent: z.string().optional(),
      knownHosts: z.string().optional(),
      /** File systems to watch; empty: all real ones. */
      mounts: z.array(z.string().startsWith("/")).default([]),
      /** Folders the disk-full runbook may look into and clean (rotated logs, temporary files). */
      cleanable: z.array(z.string().startsWith("/")).default([]),
      /** Folders that may hold so many bytes (logs, uploads): over the disk threshold of that is a finding. */
      budgets: z
        .array(z.strictObject({ path: z.string().startsWith("/"), bytes: z.number().positive() }))
        .default([]),
      /** Programs that may hold so many bytes of memory: each process whose command line contains `match`. */
      processes: z
        .array(z.strictObject({ match: z.string().min(3).max(100), bytes: z.number().positive() }))
        .default([]),
      connectSeconds: seconds.default(5),
    })
    .refine(
      (host) => host.local !== (host.ssh !== undefined),
      "give either `local: true` or `ssh: user@host`",
    ),
} as const;

export const ConnectionSchema = z.discriminatedUnion("kind", [
  CONNECTION_SCHEMAS.postgres,
  CONNECTION_SCHEMAS.redis,
  CONNECTION_SCHEMAS.http,
  CONNECTION_SCHEMAS.prometheus,
  CONNECTION_SCHEMAS.tcp,
  CONNECTION_SCHEMAS.mongodb,
  CONNECTION_SCHEMAS.jaeger,
  CONNECTION_SCHEMAS.kubernetes,
  CONNECTION_SCHEMAS.docker,
  CONNECTION_SCHEMAS.host,
]);
export type Connection = z.infer<typeof ConnectionSchema>;
export type Kind = Connection["kind"];
export type ConnectionOf<K extends Kind> = Extract<Connection, { kind: K }>;

export const KINDS = Object.keys(CONNECTION_SCHEMAS) as readonly Kind[];

/** Where a connection goes on the network, without its secrets. Undefined for sockets and local machines. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** What runbooks may know of a connection: never a URL with a password. */
export interface ConnectionFace {
  readonly name: string;
  readonly kind: Kind;
  readonly endpoint?: Endpoint;
  readonly role?: "cache" | "queue" | "mixed";
  readonly health?: string;
  readonly external?: boolean;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  "postgres:": 5432,
  "postgresql:": 5432,
  "redis:": 6379,
  "rediss:": 6379,
  "http:": 80,
  "https:": 443,
  "mongodb:": 27_017,
};

/** Network address of a connection; undefined where it has none. Throws TypeError on a URL that does not parse. */
export function endpointOf(connection: Connection): Endpoint | undefined {
  if (connection.kind === "tcp") return { host: connection.host, port: connection.port, tls: connection.tls };
  if (!("url" in connection)) return undefined;
  const parsed = new URL(connection.url);
  // Of mongodb+srv the hosts stand in DNS, not in the URL.
  if (parsed.hostname === "" || parsed.protocol === "mongodb+srv:") return undefined;
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  const port = parsed.port === "" ? (DEFAULT_PORTS[parsed.protocol] ?? 0) : Number(parsed.port);
  return { host, port, tls: ["https:", "rediss:"].includes(parsed.protocol) };
}

/** The face of a connection: everything but credentials. */
export function faceOf(name: string, connection: Connection): ConnectionFace {
  const endpoint = endpointOf(connection);
  return {
    name,
    kind: connection.kind,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(connection.kind === "redis" ? { role: connection.role } : {}),
    ...(connection.kind === "http" ? { health: connection.health, external: connection.external } : {}),
  };
}
