import { count, type Finding, rows, runbookOn, sayDuration, z } from "../../src/sdk/index.ts";
import { everyLog } from "./ask.ts";
import { type Advice, type Checked, checkedOf, whyDown } from "./balancer-words.ts";
import { type Place, placesOf } from "./groups.ts";

/** From so many changes within the time on it comes and goes. */
const OFTEN = 6;

/** What the load balancer's own log says of its health checks. */
const book = runbookOn(
  [],
  {
    id: "balancer-checks",
    title: "Health checks as the load balancer sees them",
    covers: ["sergas-accounts.lb-health-check"],
    alerts: [
      "HAProxyServerDown",
      "HaproxyServerHealthcheckFailure",
      "HaproxyBackendDown",
      "HaproxyHasNoAliveBackends",
      "LoadBalancerUnhealthyTargets",
    ],
    params: z.object({
      from: z.string().max(60).optional().describe("only this connection, or log of a host"),
      minutes: z.int().min(1).max(720).default(720).describe("the last so many minutes"),
    }),
  },
  ({ params: { from, minutes }, system }) =>
    everyLog({ system }, { minutes, by: "server", pattern: ", reason: Layer" }, from),
);

interface Member extends Checked {
  readonly place: string;
  readonly changes: number;
  readonly lastSeen: number;
}

/** Members by their newest line. */
const membersOf = (places: readonly Place[]): Member[] =>
  places.flatMap(({ name, found }) =>
    found.groups.flatMap((group) => {
      const checked = checkedOf(group.example);
      return checked === undefined
        ? []
        : [{ ...checked, place: name, changes: group.count, lastSeen: group.lastSeen }];
    }),
  );

const backendOf = ({ server }: Member): string => server.split("/")[0] ?? "";

const evidenceOf = (members: readonly Member[], now: Date) =>
  rows("", members.slice(0, 30), {
    member: (one) => one.server,
    state: (one) => (one.isUp ? "up" : "down"),
    "last check": (one) => [one.reason, one.code, one.info].filter((word) => word !== "").join(", "),
    since: (one) => sayDuration(Math.max(0, now.getTime() - one.lastSeen * 1000)),
    changes: (one) => one.changes,
    log: (one) => one.place,
  });

/** A member that gets no requests, and why. */
function downFinding(one: Member, members: readonly Member[], now: Date): Finding<Advice> {
  const mine = members.filter((other) => other.place === one.place && backendOf(other) === backendOf(one));
  const common = { id: `target-down:${one.server}`, evidence: [evidenceOf(mine, now)] };
  if (one.isPassed)
    return {
      ...common,
      severity: "warning",
      title: `${one.server} is down for the balancer, and its checks pass again`,
      because: "It comes back by itself once enough checks in a row have passed (`rise`).",
    };
  const { because, advice } = whyDown(one);
  const isAlone = mine.every(({ isUp }) => !isUp);
  const all = ` No member of ${backendOf(one)} that the log tells of is up: clients get a 503.`;
  return {
    ...common,
    severity: isAlone ? "critical" : "warning",
    title: `${one.server} is down for the balancer: ${one.reason}${one.code === "" ? "" : ` (${one.code})`}`,
    because: `${because}${isAlone ? all : ""}`,
    remedies: advice,
  };
}

export const balancerChecks = book
  .remedies({
    answerOk: book.advises(
      "Let the health endpoint answer 200",
      "low",
      "Ask it as the balancer does: from the balancer, at the member's own address, with the check's path and Host header: `curl -i -H 'Host: NAME' http://ADDRESS:PORT/health`. Run `service-health` for what the service says of itself. A check that fails because something else is down takes every member out at once: let it look at the process itself, and tell of others elsewhere.",
    ),
    correctCheck: book.advises(
      "Let the check ask for what is there",
      "low",
      "The member answers; the check asks it for the wrong thing. HAProxy: `option httpchk GET /health`, `http-check send hdr Host NAME` (a redirect or 400 is often for want of it), `http-check expect status 200-299`; a TCP check that expects words (`tcp-check expect`) has to speak the member's protocol. Run `service-health` for what the service says of itself before anything of it is touched.",
    ),
    listen: book.advises(
      "Let it listen where the balancer connects",
      "high",
      "Run `unit-failure` (or `container-failure`), and on the member `ss -ltn`: 127.0.0.1 alone answers nobody else; 0.0.0.0 or the address of the internal network does. The port of the balancer's `server` line must be that one.",
    ),
    letIn: book.advises(
      "Let the balancer in",
      "high",
      "Run `firewall port=PORT from=ADDRESS-OF-THE-BALANCER` on the member: it says which rule decides, and offers to open the port to the balancer's own network. A provider has rules of its own besides (security groups), and its checks come from networks that it documents.",
    ),
    allowTime: book.advises(
      "Give the check time, and the start its own",
      "low",
      "`timeout check 10s` (HAProxy; `inter 10s` between checks) for an endpoint that may be slow; a member that starts slowly is held out by `slowstart` and a start that ends only once it is ready, not by a longer time-out. Run `slow-responses` where it was quicker before.",
    ),
    fixTls: book.advises(
      "Let both speak the same",
      "low",
      "`check-ssl` (with `verify` and `ca-file`, `check-sni NAME`) where the member speaks TLS, none of it where it does not. Run `tls-expiry` for its certificate.",
    ),
    logChecks: book.advises(
      "Let the balancer log its checks",
      "low",
      "HAProxy: `option log-health-checks` in `defaults`, and its log among `logs:` of the host connection (or in the journal, Loki). nginx has passive checks: run `nginx-upstreams`. A balancer of a provider says it by its API: declare its tool as a command (AWS: `aws elbv2 describe-target-health`, whose `Reason` and `Description` are these words).",
    ),
  })
  .findings((find) => [
    find.all((seen, { now }) => {
      const members = membersOf(placesOf(seen));
      return members.filter(({ isUp }) => !isUp).map((one) => downFinding(one, members, now));
    }),
    find.all((seen, { now, params: { minutes } }) =>
      membersOf(placesOf(seen))
        .filter(({ isUp, changes }) => isUp && changes >= OFTEN)
        .map((one) => ({
          id: `target-flaps:${one.server}`,
          severity: "warning" as const,
          title: `${one.server} comes and goes: ${count(one.changes, "change")} of its check in ${minutes} min`,
          because:
            "It is up now. A member that is near its limit, a check that is near its time-out, or a network that loses packets looks like this; a rolling deployment does, too, once.",
          evidence: [evidenceOf([one], now)],
          remedies: ["allowTime" as const, "answerOk" as const],
        })),
    ),
    find.all((seen, { params: { minutes } }) => {
      const places = placesOf(seen);
      // What could not be searched is said as such.
      if (places.length === 0 && Object.keys(seen).length > 0) return undefined;
      return (
        membersOf(places).length === 0 && {
          id: "no-health-lines",
          severity: "info" as const,
          title: `No log tells of health checks of the last ${minutes} min`,
          because: `${places.length === 0 ? "No log could be searched." : `Searched: ${places.map(({ name }) => name).join(", ")}.`} HAProxy writes a line when a server or what a check comes to changes: either nothing has changed, or its log is none of these. Its page of statistics (maintenance, queues) is not asked.`,
          remedies: ["logChecks" as const],
        }
      );
    }),
  ]);
