import { count, type Finding, type OutputOf, type redis, rows, sayDuration } from "../../src/sdk/index.ts";

type Denied = NonNullable<OutputOf<typeof redis.listClients>["denied"]>;

/** A typing error, or the first try of a client that learns. */
const MANY_LOGINS = 5;

const total = (all: Denied): number => all.reduce((sum, { times }) => sum + times, 0);
const table = (all: Denied) =>
  rows("Turned away in the last 10 min", all.slice(0, 10), {
    user: (one) => one.user,
    what: (one) => SAY[one.reason](one.what),
    times: (one) => one.times,
    last: (one) => `${sayDuration(one.secondsAgo * 1000)} ago`,
    from: (one) => one.address || "–",
  });

const SAY: Readonly<Record<Denied[number]["reason"], (what: string) => string>> = {
  command: (what) => `the command ${what.toUpperCase()}`,
  key: (what) => `the key ${what}`,
  channel: (what) => `the channel ${what}`,
  auth: () => "its login",
};

/** Whom the rights of Redis turn away, and whom the password. Pure. */
export function deniedFindings<const R extends string>(
  denied: Denied | null,
  remedies: { readonly rights: R; readonly logins: R },
): Finding<R>[] {
  const rights = (denied ?? []).filter(({ reason }) => reason !== "auth");
  const logins = (denied ?? []).filter(({ reason }) => reason === "auth");
  const [most] = rights;
  const [worst] = logins;
  return [
    ...(most === undefined
      ? []
      : [
          {
            id: "rights-missing",
            severity: "warning",
            title: `Redis refuses ${most.user} ${SAY[most.reason](most.what)} for want of rights: ${count(most.times, "time")} in the last 10 min${rights.length > 1 ? `, and other things ${count(total(rights) - most.times, "time")}` : ""}`,
            because:
              "Its answer was NOPERM. Either the application lacks a right it needs (a new version, an ACL that was changed), or somebody tries what that user is kept from on purpose.",
            evidence: [table(rights)],
            remedies: [remedies.rights],
          } as const,
        ]),
    ...(worst === undefined || total(logins) < MANY_LOGINS
      ? []
      : [
          {
            id: "logins-refused",
            severity: "warning",
            title: `Redis refused ${count(total(logins), "login")} in the last 10 min, most as ${worst.user} from ${worst.address || "an unknown address"}`,
            because:
              "Wrong password or user. Either a client still has an old secret, or somebody guesses: one address and one user is the first, many of them the second.",
            evidence: [table(logins)],
            remedies: [remedies.logins],
          } as const,
        ]),
  ];
}

/** The rights that are missing, by user, as rules of the ACL. */
export function rightsAdvice({ clients }: { readonly clients?: { readonly denied: Denied | null } }): string {
  const users = new Map<string, Set<string>>();
  for (const { user, reason, what } of clients?.denied ?? []) {
    if (reason === "auth") continue;
    const rule = reason === "command" ? `+${what}` : reason === "key" ? `~${what}` : `&${what}`;
    users.set(user, (users.get(user) ?? new Set()).add(rule));
  }
  const lacking = [...users].map(([user, rules]) => `${user} lacks ${[...rules].slice(0, 8).join(" ")}`);
  return `If it is meant to: ${lacking.slice(0, 5).join("; ")}. As an administrator give exactly these (ACL SETUSER, then ACL SAVE or the same in the users file; keys and channels are shown masked, so write the pattern the application uses); ACL DRYRUN (7.0) says whether it is enough. If not, find out who asks at the address shown, and leave the rights as they are.`;
}

export const LOGINS_ADVICE =
  "Look at the address shown: an application there that was not restarted after the secret changed holds the old one (compare with the ACL user or requirepass, and restart it). If nobody of you is at that address, the port is open to strangers: close it (firewall, `bind`), and change the password.";

/** A server that lets everybody in although the URL has a password: another one than meant, or one that has lost it. */
export function openFinding<const R extends string>(
  { isOpen }: OutputOf<typeof redis.checkConnection>,
  remedy: R,
): Finding<R> | false {
  return (
    isOpen && {
      id: "no-password",
      severity: "warning",
      damage: "security",
      title: "The URL has a password, and this Redis wants none: it is open to all who reach it",
      because:
        "It answered that no password is configured for the default user. Either it is another server than the URL means, or its requirepass was lost (a restart without its configuration, CONFIG SET that was never written down).",
      remedies: [remedy],
    }
  );
}

export const OPEN_ADVICE =
  "Compare host and port with the server you mean, and its keys with what should be there. If it is the right one: put requirepass (or an ACL user) back into its configuration and CONFIG SET requirepass now; clients that send it already notice nothing. Until then see who reaches the port (bind, firewall) and whether anybody did (redis-connectivity looks for signs of it).";
