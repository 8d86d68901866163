import type { Causes, Known } from "./known.ts";

const NO_PASSWORD: Known = {
  id: "auth",
  title: "Redis wants a password, and the URL has none",
  because: "The default user has a password, or is switched off.",
  advice:
    "Put user and password into the URL (redis://user:password@host): requirepass, or an ACL user (`ACL LIST` as an administrator).",
};
const WRONG_PASSWORD: Known = {
  id: "auth",
  title: "Redis does not accept the credentials",
  because:
    "The password or user of the URL is wrong, or the user is switched off; tokens of managed services (IAM) also end by themselves.",
  advice:
    "Compare the secret behind the URL with requirepass or the ACL user (`ACL LIST` as an administrator), correct the one that is wrong and restart what holds the old one.",
};

/** The server knows who asks, or does not let in who asks. */
export const ACCESS: Causes = {
  NOAUTH: NO_PASSWORD,
  WRONGPASS: [
    {
      ...WRONG_PASSWORD,
      when: /without any password configured|no password is set/i,
      title: "The URL has a password, but Redis wants none",
      because: "The server may be another one than meant, or its requirepass was lost at a restart.",
      advice:
        "Compare host and port with the server you mean. If it is the right one, it is open to all who reach it: set requirepass or an ACL user again.",
    },
    {
      ...WRONG_PASSWORD,
      when: /wrong number of arguments for 'auth'/i,
      title: "The URL names a user, but this Redis knows passwords only",
      because: "Users came with Redis 6.",
      advice: "Leave the user out of the URL: redis://:password@host.",
    },
    WRONG_PASSWORD,
  ],
  maxclients: {
    id: "max-clients",
    title: "Redis takes no more clients: maxclients is reached",
    because: "Every connection is in use; new ones are turned away.",
    advice:
      "On its machine CLIENT LIST shows who holds them (group by name and address): mostly a pool per request, workers that are never closed, or dead peers (idle for hours, no command: with `tcp-keepalive 0` and `timeout 0` they stay for ever). Repair that client; CONFIG SET tcp-keepalive 60 finds dead peers, `timeout 3600` closes idle ones (not subscribers). Only where every one is in use raise maxclients (bounded by the process's open files). Managed services bound it by the plan's size.",
  },
  DENIED: {
    id: "protected-mode",
    title: "Redis is in protected mode",
    because: "It has neither password nor bind address set and answers only clients on its own machine.",
    advice: "Set a password (ACL or requirepass) and `bind`; do not simply switch protected-mode off.",
  },
  allowlist: {
    id: "not-on-allowlist",
    title: "The managed Redis does not let this address in",
    because: "Its allow list of addresses does not hold the one this machine comes from.",
    advice:
      "Add the address (behind NAT the public one) to the service's allow list, or come from its private network.",
  },
  quota: {
    id: "quota",
    title: "The managed Redis answers no more: a limit of the plan is used up",
    because: "Requests, bandwidth, connections or storage of the plan are spent; the server itself is well.",
    advice:
      "Read which limit in its answer; wait until it starts anew, or change the plan. Find what asks so much (the provider's console shows commands by number) before you pay for it.",
  },
  "no-database": {
    id: "no-database",
    title: "The number of the database in the URL does not exist here",
    because:
      "A cluster has database 0 only; elsewhere `databases` (16) bounds it, and many managed services have one.",
    advice:
      "Correct the path of the URL (redis://host:port/0), and keep what shares a server apart by key prefixes.",
  },
};
