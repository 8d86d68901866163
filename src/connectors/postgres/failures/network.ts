import type { Failure, Rule } from "./rule.ts";

const REFUSED: Failure = {
  id: "refused",
  title: "Postgres refuses the connection",
  because:
    "Nothing listens on that port: the server is down, still starting, or bound to another address or port.",
  advice:
    "See whether the server runs (`systemctl status 'postgresql@*'`; on Debian postgresql.service is only an umbrella, or `docker ps -a`; the runbook container-failure can start a container) and read the end of its log before starting it; then compare listen_addresses and port with the URL in diagbot.yaml.",
};
const DNS: Failure = {
  id: "dns",
  title: "The name of the Postgres server does not resolve",
  because: "The resolver has no address for the host in the URL, or does not answer.",
  advice:
    "Resolve the name on this machine (`getent hosts <host>`), then check the URL in diagbot.yaml, the DNS record and /etc/resolv.conf.",
};
const NO_PATH: Failure = {
  id: "no-path",
  title: "The network does not reach Postgres",
  because: "No TCP connection comes about and nobody refuses it: packets are dropped on the way.",
  advice:
    "Check security groups, firewalls and routes between this machine and the server, and whether its machine is up.",
};
const HANG: Failure = {
  id: "hang",
  title: "Postgres accepts connections but never answers",
  because:
    "The kernel completes the connection, yet the server does not answer the login: its processes are stopped, out of CPU or memory, or stuck on storage.",
  advice:
    "Look at the machine (load, memory, storage waits, a stopped postmaster: state `T` in `ps`). A proxy in front with a dead server behind it looks the same, and so does a pooler whose clients wait for a server connection.",
};
const STALLED: Failure = {
  id: "stalled",
  title: "Postgres logs in but does not return results",
  because:
    "A trivial statement did not come back in time. Either the server is overloaded or its storage or the network stalls; or a pooler in front let the client in, and has no server connection to give (its pool is full, a PAUSE, a server it does not reach).",
  advice:
    "To tell them apart: is there a pooler at this address? Then its console says it (SHOW POOLS: cl_waiting; SHOW DATABASES: paused; the runbook pgbouncer-pools). Without one look at the machine's load and storage waits, then run pg-locks and pg-slow-queries.",
};
const CUT: Failure = {
  id: "ended",
  title: "The connection to Postgres was cut without a word",
  because:
    "Either a process of the server crashed or the server was stopped at once, or a proxy, load balancer or pooler in front cut the connection (no healthy server behind it, an idle time-out), or it is no Postgres that listens there. Postgres itself says goodbye when an administrator ends a session.",
  advice:
    "To tell them apart: read the end of the server's log (`terminated by signal` is a crash; 9 is the out-of-memory killer). If it has no line of this moment, ask the proxy in front for its healthy servers and idle time-out, and whether that port is Postgres's.",
};
const NOT_POSTGRES: Failure = {
  id: "not-postgres",
  title: "What answers on that port does not speak the protocol of Postgres",
  because: "Asked for TLS, Postgres answers with one letter; something else came back.",
  advice:
    "Compare host and port in diagbot.yaml with the server's; see which process listens there (`ss -ltnp`).",
};

/** On the way to the server: no SQLSTATE, but an errno of the socket or the stage that took too long. */
export const NETWORK: readonly Rule[] = [
  [{ driver: /There was an error establishing an SSL connection/ }, NOT_POSTGRES],
  [{ code: /^(ECONNREFUSED|ENOENT)$/ }, REFUSED],
  [{ code: /^(ENOTFOUND|EAI_AGAIN|EAI_FAIL|ENODATA|ESERVFAIL)$/ }, DNS],
  [{ code: /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ETIMEDOUT|EINVAL|tcp)$/ }, NO_PATH],
  [{ code: "startup" }, HANG],
  [{ code: "query" }, STALLED],
  [{ code: /^(ECONNRESET|EPIPE|closed)$/ }, CUT],
];
