import type { Causes, Known } from "./known.ts";

const STRANGER: Known = {
  id: "not-redis",
  title: "What answers on that port is not Redis",
  because: "It speaks another protocol.",
  advice:
    "Correct host and port of the URL in diagbot.yaml (Redis: 6379 by default, TLS often 6380), or see which process took the port (`ss -ltnp`).",
};
const stranger = (when: RegExp, what: string): Known => ({
  ...STRANGER,
  when,
  title: `What answers on that port is not Redis but ${what}`,
});

/** Something else answers in Redis's place. `not-redis`: the text holds the first words it said. */
export const OTHERS: Causes = {
  "not-redis": [
    stranger(/“HTTP\//, "an HTTP server"),
    stranger(/“(SSH-|Invalid SSH)/, "an SSH server"),
    stranger(/“(ERROR|CLIENT_ERROR|SERVER_ERROR)/, "memcached"),
    stranger(/“AMQP/, "a message broker (AMQP)"),
    stranger(/“220[ -]/, "a mail or FTP server"),
    stranger(/mysql|mariadb/i, "a MySQL server"),
    STRANGER,
  ],
  sentinel: {
    id: "sentinel",
    title: "The URL leads to a Sentinel, not to the Redis it watches",
    because: "A Sentinel (port 26379 by default) knows which server is the master but holds no data.",
    advice:
      "Point the URL at the server its answer names, or at a name that follows failovers. If the application has this URL too, its client must be told that it is a Sentinel (sentinels and the master's name).",
  },
  "sentinel-tilt": {
    id: "sentinel-tilt",
    title: "This Sentinel is in TILT: it watches, but fails nothing over",
    because:
      "Its clock jumped, or its process stood still for more than 2 s (a machine short of processor time, a paused virtual machine or container, swapping). It trusts nothing it has measured and acts on nothing until all has been normal for 30 s; what it says of the master now says little.",
    advice:
      "If it ends after 30 s and does not return, nothing is to be done but find the pause (CPU throttling of its container, steal time, snapshots of the machine, a step of NTP: host-clock, host-stalls). If it returns, move or enlarge that machine; as long as most Sentinels are in TILT nobody fails over. The URL of diagbot belongs on the Redis it watches, not on a Sentinel.",
  },
  "sentinel-no-quorum": {
    id: "sentinel-no-quorum",
    title: "This Sentinel cannot fail over: too few Sentinels reach each other",
    because:
      "Its answer to CKQUORUM says how many it can use: with fewer than the quorum nobody declares the master down, and without most of them nobody may promote a replica. The master itself may be well.",
    advice:
      "SENTINEL SENTINELS <master> on each of them: who is `s_down` or `disconnected`? Bring the missing ones back, or the path between them (port 26379, both ways). Those that are gone for good are forgotten with SENTINEL RESET <master>, one Sentinel after the other, 30 s apart. Do not lower the quorum to make it agree. The URL of diagbot belongs on the Redis it watches, not on a Sentinel.",
  },
  "sentinel-master-down": {
    id: "sentinel-master-down",
    title: "The Sentinels agree that the master is down",
    because:
      "Enough of them do not reach it; a failover is under way, or finds no replica that may be promoted.",
    advice:
      "Look at that master first (its process, its machine, the path to it). SENTINEL REPLICAS <master> shows whether a replica could be promoted (`master-link-status`, `slave-priority` above 0); the Sentinels' logs say why it was not (+failover-abort-no-good-slave, -failover-abort-not-elected).",
  },
  proxy: {
    id: "proxy",
    title: "The proxy in front of Redis answers, and has no server behind it",
    because:
      "The words are the proxy's (Envoy, twemproxy, Predixy, Codis or the provider's), not those of a Redis.",
    advice:
      "Look at the servers the proxy is configured with: are they up, does it reach them, does it hold their password? Its own log or statistics name the one that fails.",
  },
};
