import type { Causes, Known } from "./known.ts";

const CLUSTER_DOWN: Known = {
  id: "cluster",
  title: "Redis Cluster is down",
  because:
    "A master is gone without a replica that could take over, slots belong to nobody, or this node does not see most of the masters.",
  advice:
    "CLUSTER INFO and CLUSTER NODES on several nodes: which slots are missing, who is marked `fail`, and do all see the same? Bring the failed master or its replica back; `redis-cli --cluster check <node>` names open slots. `cluster fix` moves slots: only once the nodes are back or given up.",
};
const SCRIPT: Known = {
  id: "busy",
  title: "Redis is busy running a script",
  because: "A script has run for longer than busy-reply-threshold and holds every other client.",
  advice:
    "End it with SCRIPT KILL. If it has written already that is refused (UNKILLABLE): then wait for its end, as stopping the server would lose what was written since the last save.",
};
const MODULE: Known = {
  ...SCRIPT,
  when: /module/i,
  title: "Redis is busy running a command of a module",
  because:
    "A command of a module (a search, a time series) has run for long and lets others ask only this much.",
  advice:
    "SCRIPT KILL does not end it. SLOWLOG GET and CLIENT LIST afterwards name the command; the module's own time limit (of RediSearch TIMEOUT) bounds it.",
};
const PAUSED: Known = {
  id: "paused",
  title: "Redis keeps all clients waiting: it was told to pause them",
  because:
    "It still answers what cannot be a command, so it is neither stuck nor stopped: CLIENT PAUSE holds commands back until its time is over. Scripts for failovers, backups and upgrades do that; the time is in milliseconds, and a mistyped one lasts for hours.",
  advice:
    "It ends by itself. Find who runs CLIENT PAUSE (a script of a failover or backup, a person): CLIENT UNPAUSE waits like any other command, so nothing that a client sends shortens it. If it lasts too long, fail over to a replica (its link goes on during a pause, so it has all). A restart ends it, too, and loses what is not saved.",
};
const PAUSED_WRITES: Known = {
  id: "paused-writes",
  title: "Redis keeps every write waiting: writes are paused",
  because:
    "Reads are answered, and a write is neither taken nor refused. Either a failover is under way (FAILOVER, CLUSTER FAILOVER) or it is being shut down and waits for its replicas: then it is over in seconds; or somebody said CLIENT PAUSE … WRITE.",
  advice:
    "Look again in 15 s. If it lasts: `master_failover_state` in INFO replication (FAILOVER ABORT ends one that does not come to its end), then CLIENT UNPAUSE once it is known whose pause it is. Do not restart it: clients that wait would lose their writes.",
};
const ELSEWHERE: Known = {
  id: "other-node",
  severity: "info",
  title: "The key belongs to another node of the cluster",
  because: "That is how a cluster works: this connection leads to one node, and diagbot asks that node only.",
  advice:
    "Ask the node its answer names: give diagbot a connection per node, or ask for a key this node has.",
};

/** The server is there, and in a state in which it does not serve, or not this. */
export const STATES: Causes = {
  LOADING: {
    id: "loading",
    title: "Redis is loading its data into memory",
    because:
      "Either it was restarted and reads the RDB or AOF file, or it is a replica that takes over a whole copy of its master; until then it answers LOADING.",
    advice:
      "Wait: INFO persistence shows loading_eta_seconds. To tell them apart: uptime_in_seconds and `role` in INFO. If it was not meant to restart, look in its log and the kernel's for the reason (out of memory?); a replica that loads again and again cannot keep up with its master.",
  },
  paused: PAUSED,
  "paused-writes": PAUSED_WRITES,
  BUSY: [
    MODULE,
    {
      ...SCRIPT,
      when: /FUNCTION KILL/,
      title: "Redis is busy running a function",
      because: "A function has run for longer than busy-reply-threshold and holds every other client.",
      advice:
        "End it with FUNCTION KILL. If it has written already that is refused (UNKILLABLE): then wait for its end, as stopping the server would lose what was written since the last save.",
    },
    SCRIPT,
  ],
  MASTERDOWN: {
    id: "master-down",
    title: "This replica has lost its master",
    because: "The link is down and replica-serve-stale-data is off: it answers nothing.",
    advice:
      "Look at the master first. If it is gone for good, promote the replica with the newest offset (REPLICAOF NO ONE, or Sentinel's failover).",
  },
  CLUSTERDOWN: [
    {
      ...CLUSTER_DOWN,
      when: /slot not served|unbound/i,
      title: "Redis Cluster does not serve all slots",
      because: "The slot of the key belongs to no node.",
    },
    {
      ...CLUSTER_DOWN,
      when: /only accepts read commands/i,
      title: "Redis Cluster takes no writes: it is down, and reads only",
      because: `${CLUSTER_DOWN.because} cluster-allow-reads-when-down is on, so what is read may be old.`,
    },
    CLUSTER_DOWN,
  ],
  MOVED: ELSEWHERE,
  ASK: ELSEWHERE,
  TRYAGAIN: { ...ELSEWHERE, title: "The key's slot is on its way to another node of the cluster" },
  CROSSSLOT: {
    id: "cross-slot",
    severity: "info",
    title: "The keys asked for lie in different slots of the cluster",
    because: "A cluster answers a command only where all its keys are in one slot.",
    advice: "Ask key by key, or give keys that belong together the same {tag}.",
  },
};
