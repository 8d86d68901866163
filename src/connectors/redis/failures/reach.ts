import type { Causes, Known } from "./known.ts";

const REFUSED: Known = {
  id: "refused",
  title: "Redis refuses the connection",
  because: "Nothing listens on that port: the server is down, or bound to another address or port.",
  advice:
    "See whether it runs (`systemctl status redis*`, `docker ps`) and read the end of its log; then compare `bind` and `port` with the URL in diagbot.yaml.",
};
const DNS: Known = {
  id: "dns",
  title: "The name of the Redis server does not resolve",
  because: "The resolver has no address for the host in the URL, or does not answer.",
  advice:
    "Resolve the name on this machine (`getent hosts <host>`), then check the URL in diagbot.yaml, the DNS record and /etc/resolv.conf.",
};
const NO_PATH: Known = {
  id: "no-path",
  title: "The network does not reach Redis",
  because: "No TCP connection comes about and nobody refuses it: packets are dropped on the way.",
  advice:
    "Check security groups, firewalls and routes between this machine and the server, and whether its machine is up. Managed services are mostly reached from their own private network only.",
};
const HANG: Known = {
  id: "hang",
  title: "Redis accepts connections but does not answer",
  because:
    "Redis does one command at a time: a long script, KEYS or a huge delete holds all others; or its process is stopped, swapped out or stuck writing to disk. Before Redis 6.2 a CLIENT PAUSE looks the same.",
  advice:
    "From a shell on its machine: `ps` (state D or T?), swap-ins and disk waits. After 5 s (busy-reply-threshold) a long script answers BUSY and can be ended with SCRIPT KILL. Afterwards look at SLOWLOG.",
};
const ENDED: Known = {
  id: "ended",
  title: "Redis closed the connection",
  because:
    "The connection broke before an answer: the server stopped or crashed, a proxy cut it (twemproxy does at every command it does not know), or it expects TLS (rediss://).",
  advice:
    "Read the end of its log (a crash writes a report; the kernel log shows the out-of-memory killer) and compare redis:// or rediss:// with the server's port. Behind a proxy try one of the servers behind it.",
};

/** On the way to the server: names, routes, sockets. By errno or the stage that timed out. */
export const REACH: Causes = {
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
};
