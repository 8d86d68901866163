import {
  clip,
  count,
  type Finding,
  facts,
  postgres,
  type Seen,
  sayBytes,
  sayDuration,
  sayPercent,
  table,
} from "../../src/sdk.ts";

/** An application with at least this many sessions it used once and never gave back leaks. */
const LEAK_AT_LEAST = 5;

type Remedy = "terminateIdle" | "freeSlots" | "findLoad" | "sizePools" | "fixLeak" | "raiseLimit" | "recover";
export type Sees = {
  usage: Seen<postgres.ConnectionUsage>;
  clients: Seen<{ clients: postgres.ClientSessions[] }>;
  idle: Seen<{ total: number; sessions: postgres.Backend[] }>;
};

export function cannotAsk(seen: Sees): Finding<Remedy>[] {
  const failure = postgres.firstFailure(seen);
  if (failure === undefined) return [];
  const isFull = failure.id === "too-many-clients";
  return [
    {
      id: failure.id,
      severity: "critical",
      title: isFull ? "Every Postgres connection slot is taken: logins are refused (53300)" : failure.title,
      because: failure.because,
      evidence: [facts({ code: failure.error.code, detail: failure.error.detail ?? "–" })],
      remedies: [isFull ? "freeSlots" : "recover"],
    },
  ];
}

export function slotsTaken({ usage, clients, idle }: Sees, threshold: number): Finding<Remedy>[] {
  if (!usage.ok || usage.value.ratio < threshold) return [];
  const { used, usable, max, reserved, ratio } = usage.value;
  const top = clients.ok ? clients.value.clients[0] : undefined;
  const removable = idle.ok ? idle.value.total : 0;
  return [
    {
      id: "slots-taken",
      severity: ratio >= 0.95 ? "critical" : "warning",
      title: `${used} of ${usable} usable Postgres connections are taken (${sayPercent(ratio)})${sayHolder(usage.value, top)}`,
      because: [
        top === undefined ? "" : `${sayClient(top)}.`,
        `${usage.value.idle} of the sessions are idle, ${usage.value.active} active, ${usage.value.idleInTransaction} idle in a transaction.`,
        removable > 0 ? `${count(removable, "session")} have been idle for long and can be ended.` : "",
        usage.value.seesAll
          ? ""
          : "The bot's role lacks pg_monitor, so it cannot see states of other roles' sessions.",
      ]
        .filter((sentence) => sentence !== "")
        .join(" "),
      evidence: [
        facts({ used, usable, max_connections: max, reserved }),
        ...(clients.ok ? [clientTable(clients.value.clients)] : []),
      ],
      remedies: [
        ...(removable > 0 ? (["terminateIdle"] as const) : []),
        ...(usage.value.active >= used / 2 ? (["findLoad"] as const) : []),
        "sizePools",
      ],
    },
  ];
}

/** What most of the sessions do, and whose they are: idle ones and busy ones need opposite remedies. */
function sayHolder(usage: postgres.ConnectionUsage, top: postgres.ClientSessions | undefined): string {
  const half = usage.used / 2;
  const what =
    usage.waitingForLock >= half
      ? "sessions that wait for a lock"
      : usage.active >= half
        ? "running statements"
        : usage.idleInTransaction >= half
          ? "transactions left open"
          : usage.idle >= half
            ? "idle sessions"
            : "";
  const whose = top !== undefined && top.total >= half ? ` of ${clip(top.application, 60)}` : "";
  if (what === "") return whose === "" ? "" : `, mostly by sessions${whose}`;
  return `, mostly by ${what}${whose}`;
}

const sayClient = (client: postgres.ClientSessions): string =>
  `${client.application} (role ${client.user}, from ${client.address}) holds the most: ${client.total}, of them ${client.idle} idle and ${client.active} active`;

const clientTable = (clients: readonly postgres.ClientSessions[]) =>
  table(
    ["application", "sessions", "idle", "idle for", "active", "in tx", "from", "role"],
    clients
      .slice(0, 10)
      .map((one) => [
        ...[one.application, one.total, one.idle, sayDuration(one.longestIdleSeconds * 1000), one.active],
        ...[one.idleInTransaction, one.address, one.user],
      ]),
    "Sessions by client",
  );

export const leaking = ({ clients }: Sees): postgres.ClientSessions[] =>
  clients.ok
    ? clients.value.clients.filter(
        ({ abandoned, total }) => abandoned >= LEAK_AT_LEAST && abandoned >= total / 2,
      )
    : [];

// A healthy pool that opened its minimum and waits looks alike; it neither grows nor takes most of the slots.
const isLeakLikely = (
  { abandoned, openedLately }: postgres.ClientSessions,
  { usable, ratio }: postgres.ConnectionUsage,
  threshold: number,
): boolean => {
  const share = abandoned / usable;
  return share >= 0.2 && (share >= 0.4 || ratio >= threshold || openedLately >= LEAK_AT_LEAST);
};

/**
 * The sessions that may be ended for what was found: all that are idle for long where slots run out or somebody asked for
 * one application; otherwise those of leaking applications and open transactions. Bystanders keep their connections.
 */
export function endable(seen: Sees, threshold: number, application?: string): postgres.Backend[] {
  const { usage, idle } = seen;
  if (!idle.ok) return [];
  const { sessions } = idle.value;
  if (application !== undefined || (usage.ok && usage.value.ratio >= threshold)) return sessions;
  const leaky = usage.ok
    ? leaking(seen).filter((client) => isLeakLikely(client, usage.value, threshold))
    : [];
  return sessions.filter(
    (session) =>
      session.state.startsWith("idle in transaction") ||
      leaky.some(
        (client) => client.application === session.application && client.address === session.address,
      ),
  );
}

export function leaks(seen: Sees, threshold: number): Finding<Remedy>[] {
  const { usage, idle } = seen;
  return leaking(seen).flatMap((client): Finding<Remedy>[] => {
    if (!usage.ok || !isLeakLikely(client, usage.value, threshold)) return [];
    const removable =
      idle.ok && idle.value.sessions.some(({ application }) => application === client.application);
    return [
      {
        id: `leak-${client.application}-${client.address}`.slice(0, 100),
        severity: "warning",
        title: `${client.application} seems to leak connections: ${client.abandoned} of its ${client.total} sessions were used once and never again`,
        because: `Each was opened, used for less than 5 s and left idle (the longest for ${sayDuration(client.longestIdleSeconds * 1000)}); ${client.openedLately} of its sessions were opened in the last 5 minutes. A pool would have used them again.`,
        remedies: [...(removable ? (["terminateIdle"] as const) : []), "fixLeak"],
      },
    ];
  });
}

export function leftOpen({ idle, usage }: Sees): Finding<Remedy>[] {
  const open = idle.ok
    ? idle.value.sessions.filter(({ state }) => state.startsWith("idle in transaction"))
    : [];
  const usable = usage.ok ? usage.value.usable : 100;
  if (open.length === 0 || open.length < usable * 0.05) return [];
  const applications = [...new Set(open.map(({ application }) => application))].slice(0, 5);
  return [
    {
      id: "idle-in-transaction",
      severity: "warning",
      title: `${count(open.length, "session")} idle in an open transaction for long`,
      because: `${applications.join(", ")} began transactions and does nothing in them (the longest for ${sayDuration(Math.max(...open.map(({ stateSeconds }) => stateSeconds)) * 1000)}): each holds a slot and its locks, and vacuum cannot clean behind it.`,
      remedies: ["terminateIdle"],
    },
  ];
}

export const fullLimits = ({ roleLimits, databaseLimits }: postgres.ConnectionUsage, threshold: number) =>
  [
    ...roleLimits.map((limit) => ({ what: "role", ...limit })),
    ...databaseLimits.map((limit) => ({ what: "database", ...limit })),
  ].filter(({ used, limit }) => limit === 0 || used / limit >= threshold);

export function limitsReached({ usage }: Sees, threshold: number): Finding<Remedy>[] {
  if (!usage.ok) return [];
  return fullLimits(usage.value, threshold).map(({ what, name, used, limit }) => ({
    id: `limit-${what}-${name}`.slice(0, 100),
    severity: used >= limit ? "critical" : "warning",
    title:
      limit === 0
        ? `${what} ${name} is not allowed a single connection (CONNECTION LIMIT 0)`
        : `${what} ${name} uses ${used} of its ${limit} allowed connections`,
    because: `Its CONNECTION LIMIT is below what the server has to give: logins fail with "too many connections for ${what}" although slots are free.`,
    remedies: ["raiseLimit"],
  }));
}

export function poolArithmetic(usage: Sees["usage"], clients: Sees["clients"]): string {
  if (!usage.ok) return "Compare processes x (pool size + overflow) with the usable slots.";
  const { usable } = usage.value;
  const holders = clients.ok
    ? clients.value.clients
        .slice(0, 3)
        .map(({ application, address, total }) => `${application} from ${address}: ${total}`)
    : [];
  return `Lower the pools, or put PgBouncer (transaction mode) in front: pool size + overflow, summed over all processes, must stay below ${usable}, also while a deployment runs old and new side by side (SQLAlchemy: pool_size + max_overflow; pool_timeout 30, pool_recycle 3600). Now: ${holders.join("; ")}. Last resort, with a restart (standbys first): \`ALTER SYSTEM SET max_connections = ${usage.value.max * 2}\` (now ${usage.value.max}); each session may take work_mem (${sayBytes(usage.value.workMemBytes)}) several times.`;
}
