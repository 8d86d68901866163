import type { Seen, StepError } from "../../core/words/outcome.ts";

/** What an error of Redis means to the person on call. */
export interface RedisFailure {
  /** Stable name of the cause, e.g. `refused`. */
  readonly id: string;
  readonly title: string;
  readonly because: string;
  /** What a human does now. */
  readonly advice: string;
}

type Known = readonly [id: string, title: string, because: string, advice: string];

const REFUSED: Known = [
  "refused",
  "Redis refuses the connection",
  "Nothing listens on that port: the server is down, or bound to another address or port.",
  "See whether it runs (`systemctl status redis*`, `docker ps`) and read the end of its log; then compare `bind` and `port` with the URL in diagbot.yaml.",
];
const DNS: Known = [
  "dns",
  "The name of the Redis server does not resolve",
  "The resolver has no address for the host in the URL, or does not answer.",
  "Resolve the name on this machine (`getent hosts <host>`), then check the URL in diagbot.yaml, the DNS record and /etc/resolv.conf.",
];
const NO_PATH: Known = [
  "no-path",
  "The network does not reach Redis",
  "No TCP connection comes about and nobody refuses it: packets are dropped on the way.",
  "Check security groups, firewalls and routes between this machine and the server, and whether its machine is up.",
];
const HANG: Known = [
  "hang",
  "Redis accepts connections but does not answer",
  "Redis does one command at a time: a long script, KEYS or a huge delete holds all others; or its process is stopped, swapped out or stuck writing to disk.",
  "From a shell on its machine: `ps` (state D or T?), swap-ins and disk waits. After 5 s (busy-reply-threshold) a long script answers BUSY and can be ended with SCRIPT KILL. Afterwards look at SLOWLOG.",
];
const AUTH: Known = [
  "auth",
  "Redis does not accept the credentials",
  "The password or user of the URL is missing or wrong.",
  "Compare the secret behind the URL with requirepass or the ACL user (`ACL LIST` as an administrator), correct the one that is wrong and restart what holds the old one.",
];
const PERMISSION: Known = [
  "permission",
  "The bot's Redis user may not run a command it needs",
  "The ACL of this user leaves the command out.",
  "ACL SETUSER <user> +info +ping +scan +memory|usage +slowlog|get +latency|latest +type +pttl +select; for the remedies also +config|get +config|set.",
];
const EXHAUSTED: Known = [
  "max-clients",
  "Redis takes no more clients: maxclients is reached",
  "Every connection is in use; new ones are turned away.",
  "On its machine CLIENT LIST shows who holds them (group by name and address): mostly a pool per request or workers that are never closed. Repair that; raise it meanwhile with CONFIG SET maxclients (bounded by the process's open files) or set `timeout` for idle clients.",
];
const LOADING: Known = [
  "loading",
  "Redis is loading its data into memory",
  "It was restarted and reads the RDB or AOF file; until then it answers LOADING.",
  "Wait: INFO persistence shows loading_eta_seconds. If it was not meant to restart, look in its log and the kernel's for the reason (out of memory?).",
];
const BUSY: Known = [
  "busy",
  "Redis is busy running a script",
  "A script has run for longer than busy-reply-threshold and holds every other client.",
  "End it with SCRIPT KILL (or FUNCTION KILL). If it has written already that is refused (UNKILLABLE): then wait, or SHUTDOWN NOSAVE and lose what was written since the last save.",
];
const OUT_OF_MEMORY: Known = [
  "oom",
  "Redis refuses writes: maxmemory is reached",
  "used_memory is at maxmemory and the eviction policy leaves nothing to evict.",
  "Run redis-memory.",
];
const MISCONF: Known = [
  "misconf",
  "Redis refuses writes: it cannot save to disk",
  "The last background save failed and stop-writes-on-bgsave-error is on.",
  "Read its log for the reason: mostly a full disk, a folder without write permission, or fork refused for want of memory (vm.overcommit_memory=1). Repair that, then BGSAVE; writes return after the first good save. Switching stop-writes-on-bgsave-error off only hides it.",
];
const NO_REPLICAS: Known = [
  "no-replicas",
  "Redis refuses writes: too few replicas are connected",
  "min-replicas-to-write asks for more replicas in step than there are.",
  "INFO replication lists the replicas with state and lag. Bring the missing ones back; CONFIG SET min-replicas-to-write lowers the demand, and with it what a failover may lose.",
];
const READ_ONLY: Known = [
  "read-only",
  "Redis is a read-only replica",
  "Writes fail: the URL leads to a replica, or a failover turned this server into one.",
  "INFO replication names the master. Point the URL there, or use Sentinel's or the service's primary name, which follows failovers.",
];
const MASTER_DOWN: Known = [
  "master-down",
  "This replica has lost its master",
  "The link is down and replica-serve-stale-data is off: it answers nothing.",
  "Look at the master first. If it is gone for good, promote the replica with the newest offset (REPLICAOF NO ONE, or Sentinel's failover).",
];
const CLUSTER: Known = [
  "cluster",
  "Redis Cluster does not serve the key",
  "The cluster is down, or the key belongs to another node than the one in the URL.",
  "CLUSTER INFO and CLUSTER NODES on any node show missing slots and failed nodes.",
];
const PROTECTED: Known = [
  "protected-mode",
  "Redis is in protected mode",
  "It has neither password nor bind address set and answers only clients on its own machine.",
  "Set a password (ACL or requirepass) and `bind`; do not simply switch protected-mode off.",
];
const ENDED: Known = [
  "ended",
  "Redis closed the connection",
  "The connection broke before an answer: the server stopped or crashed, a proxy cut it, or it expects TLS (rediss://).",
  "Read the end of its log (a crash writes a report; the kernel log shows the out-of-memory killer) and compare redis:// or rediss:// with the server's port.",
];
const TLS: Known = [
  "tls",
  "The TLS connection to Redis fails",
  "The server's certificate or its TLS settings are not what this client asks for, or the port does not speak TLS.",
  "Look at the certificate's dates and names (`openssl s_client -connect <host>:<port>`), and at redis:// or rediss:// in the URL.",
];

const NO_TLS: Known = [
  "no-tls",
  "Redis does not answer the TLS handshake",
  "The port takes connections, but speaks no TLS (or the server is stuck).",
  "Look at `tls-port` and `port` in its configuration and at rediss:// in the URL: plain Redis wants redis://.",
];
const WANTS_TLS: Known = [
  "wants-tls",
  "Redis wants TLS, but the URL says redis://",
  "The port completes a TLS handshake and hangs up on anything else.",
  "Write rediss:// in the URL. Where its certificate is of an authority of your own, give diagbot the root (NODE_EXTRA_CA_CERTS).",
];

const BY_DETAIL: Readonly<Record<string, Known>> = {
  ECONNREFUSED: REFUSED,
  ENOENT: REFUSED,
  ENOTFOUND: DNS,
  EAI_AGAIN: DNS,
  EAI_FAIL: DNS,
  EHOSTUNREACH: NO_PATH,
  ENETUNREACH: NO_PATH,
  EHOSTDOWN: NO_PATH,
  EINVAL: NO_PATH,
  tcp: NO_PATH,
  reply: HANG,
  ECONNRESET: ENDED,
  EPIPE: ENDED,
  closed: ENDED,
  NOAUTH: AUTH,
  WRONGPASS: AUTH,
  NOPERM: PERMISSION,
  maxclients: EXHAUSTED,
  LOADING,
  BUSY,
  OOM: OUT_OF_MEMORY,
  MISCONF,
  READONLY: READ_ONLY,
  NOREPLICAS: NO_REPLICAS,
  MASTERDOWN: MASTER_DOWN,
  CLUSTERDOWN: CLUSTER,
  MOVED: CLUSTER,
  ASK: CLUSTER,
  DENIED: PROTECTED,
  EPROTO: TLS,
  "no-tls": NO_TLS,
  "wants-tls": WANTS_TLS,
};

/** What the error means; undefined where it says nothing about the server as a whole. */
export function failureOf(error: StepError): RedisFailure | undefined {
  const detail = error.detail ?? "";
  const isTls = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_)/.test(detail);
  const known = isTls ? TLS : BY_DETAIL[detail];
  if (known === undefined) return undefined;
  const [id, title, because, advice] = known;
  return { id, title, because: `${because} The server or driver says: ${error.message}`, advice };
}

/** Failures of the steps, one per cause, in the order of the steps; any error is one where every step failed. */
export function failuresIn(
  steps: Readonly<Record<string, Seen<unknown>>>,
): readonly (RedisFailure & { readonly error: StepError })[] {
  const errors = Object.values(steps).flatMap((step) => (step.ok ? [] : [step.error]));
  const found = errors.flatMap((error) => {
    const failure = failureOf(error);
    return failure === undefined ? [] : [{ ...failure, error }];
  });
  const [first] = errors;
  if (found.length === 0 && first !== undefined && errors.length === Object.keys(steps).length)
    return [{ ...unexplained(first), error: first }];
  return found.filter(({ id }, index) => found.findIndex((other) => other.id === id) === index);
}

const unexplained = ({ message }: StepError): RedisFailure => ({
  id: "cannot-ask",
  title: `Redis cannot be asked: ${message.slice(0, 120)}`,
  because: "Every question was answered with an error, so nothing is known about it.",
  advice: "Read the end of its log, and try the URL of diagbot.yaml with redis-cli from this machine.",
});
