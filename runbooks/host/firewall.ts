import { type Finding, host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import {
  type Asked,
  askedFinding,
  type FirewallRemedy,
  onlyOne,
  openingOf,
  overview,
  portFindings,
  toWhom,
} from "./firewall-findings.ts";
import { ownersOf } from "./port-owners.ts";

/** What a machine lets in for one port, and whether somebody answers behind it. */
const book = runbookOn(
  "host",
  {
    id: "firewall",
    title: "What the firewall lets in",
    covers: [
      "tektra.firewall",
      "sergas-accounts.cognee-restart",
      "sergas-accounts.lb-health-check",
      "resync.tws-connection-failure",
    ],
    alerts: [],
    params: z.object({
      port: z
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe("the TCP port; empty: the chains and their policies only"),
      from: host.Source.optional().describe(
        "the address or network that connects, or `any`; empty: an address that no rule names",
      ),
      open: z
        .string()
        .regex(/^[1-9]\d{0,4}\/(tcp|udp)$/, "a port and its protocol, as 8000/tcp")
        .optional()
        .describe("a port to open, as 8000/tcp; to whom: `from`"),
      minutes: z
        .int()
        .min(1)
        .max(10_080)
        .optional()
        .describe("an opened port is closed again after so many minutes; empty: it is kept"),
    }),
    fromAlert: ({ port }) => (port === undefined ? {} : { port: Number(port) }),
  },
  ({ params }) => {
    const { port, protocol } = portOf(params);
    const from = params.from === "any" ? undefined : params.from;
    return {
      firewall: host.firewall({
        ...(port === undefined ? {} : { port }),
        ...(params.open === undefined ? {} : { protocol }),
        ...(from === undefined ? {} : { from }),
      }),
      ...(port === undefined ? {} : { holders: host.portHolders({ port, protocol }) }),
    };
  },
);

interface Params {
  readonly port?: number | undefined;
  readonly from?: string | undefined;
  readonly open?: string | undefined;
  readonly minutes?: number | undefined;
}

function portOf({ port, open }: Params): { port: number | undefined; protocol: "tcp" | "udp" } {
  const [asked, protocol] = open?.split("/") ?? [];
  return { port: asked === undefined ? port : Number(asked), protocol: protocol === "udp" ? "udp" : "tcp" };
}

/** What is to be opened: as it was asked for, or to the one network that diagbot.yaml names; undefined: nobody said to whom. */
function askedOf(params: Params, firewall: host.Firewall): Asked | undefined {
  const { port, protocol } = portOf(params);
  const from = params.from ?? (params.open === undefined ? onlyOne(firewall) : undefined);
  return port === undefined || from === undefined
    ? undefined
    : { port, protocol, from, minutes: params.minutes };
}

export const firewallBook = book
  .remedies({
    open: book.does(host.openPort, ["firewall"], ({ firewall }, { params }) => {
      const asked = askedOf(params, firewall);
      if (asked === undefined) return undefined;
      const { minutes, ...what } = asked;
      return { ...what, ...(minutes === undefined ? {} : { seconds: minutes * 60 }) };
    }),
    close: book.does(host.closePort, ["firewall"], ({ firewall }, { params }) => {
      const asked = askedOf(params, firewall);
      const is = asked === undefined ? undefined : openingOf(firewall, asked);
      if (is === undefined) return undefined;
      const { leftSeconds, ...what } = is;
      // Undone, it is open for what was left.
      return { ...what, ...(leftSeconds === null ? {} : { seconds: Math.max(60, Math.ceil(leftSeconds)) }) };
    }),
    openTo: book.advises("Let one network in, and no more", "high", ({ holders, firewall }) => {
      const port = String(holders?.port ?? "PORT");
      const asked = `By diagbot, once approved: \`firewall open=${shellWord(port)}/tcp from=NETWORK\` (NETWORK in \`firewall.open\` of the connection). By hand: `;
      const ufw = `\`ufw allow from NETWORK to any port ${shellWord(port)} proto tcp\` (back: \`ufw delete allow from NETWORK to any port ${shellWord(port)} proto tcp\`)`;
      const nft = `\`nft insert rule inet filter input ip saddr NETWORK tcp dport ${shellWord(port)} accept\` into the chain that drops (back: its handle by \`nft -a list ruleset\`, then \`nft delete rule … handle N\`), and into /etc/nftables.conf`;
      return `${asked}${firewall?.ufw === "active" ? ufw : `${nft}; with ufw ${ufw}`}. NETWORK is that of the clients (\`10.0.3.0/24\`), never 0.0.0.0/0 for a database. A published port of a container is not reached by these: rules for it belong in the chain DOCKER-USER. Then try it from there: \`nc -vz -w 3 HOST ${shellWord(port)}\`.`;
    }),
    removeBlock: book.advises(
      "See whether the rule is meant",
      "low",
      "Somebody wrote it: a change of that day, fail2ban (`fail2ban-client status`), a hardening role. `nft -a list ruleset` shows it by its handle. A provider's firewall (security group) is another one, before this.",
    ),
    listenThere: book.advises(
      "Let the service listen, or on the right address",
      "low",
      "The firewall is not in its way. port-conflict says who has the port; unit-failure and container-failure why a service is not up. A program on 127.0.0.1 is not reached from outside, whatever the firewall lets in.",
    ),
    closeData: book.advises("Keep the outside from it", "high", ({ holders }) => {
      const port = shellWord(String(holders?.port ?? "PORT"));
      const isPublished = holders !== undefined && ownersOf(holders).some(({ proxy }) => proxy !== null);
      const how = isPublished
        ? `Publish it on the private address only: \`127.0.0.1:${port}:${port}\` in \`ports:\` (rules of ufw and of INPUT do not reach it). Where the network of the applications must reach it: \`iptables -I DOCKER-USER -p tcp -m conntrack --ctorigdstport ${port} ! -s NETWORK -j DROP\`, and make that stay.`
        : `Listen on the private address only (\`listen_addresses\`, \`bind\`), or let in the network of the applications alone: \`ufw allow from NETWORK to any port ${port} proto tcp\`, then \`ufw deny ${port}/tcp\`.`;
      return `${how} Look who was connected: \`ss -tn sport = :${port}\`.`;
    }),
  })
  .findings((find) => [
    find(["firewall", "holders?"], ({ firewall, holders }, { params }): Finding<FirewallRemedy>[] => {
      if (holders === undefined) return params.port === undefined ? [overview(firewall)] : [];
      const asked = params.open === undefined ? undefined : askedOf(params, firewall);
      if (asked !== undefined) return askedFinding(firewall, holders, asked);
      if (params.open !== undefined) return [toWhom(params.open)];
      return portFindings(firewall, holders, params.from === "any" ? undefined : params.from);
    }),
  ]);
