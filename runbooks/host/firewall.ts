import { type Finding, host, runbookOn, shellWord, z } from "../../src/sdk/index.ts";
import { type FirewallRemedy, overview, portFindings } from "./firewall-findings.ts";
import { ownersOf } from "./port-owners.ts";

/** What a machine lets in for one port, and whether somebody answers behind it. */
const book = runbookOn(
  "host",
  {
    id: "firewall",
    title: "What the firewall lets in",
    covers: ["tektra.firewall", "sergas-accounts.cognee-restart", "resync.tws-connection-failure"],
    alerts: [],
    params: z.object({
      port: z
        .int()
        .min(1)
        .max(65_535)
        .optional()
        .describe("the TCP port; empty: the chains and their policies only"),
      from: z
        .union([z.ipv4(), z.ipv6()])
        .optional()
        .describe("the address that connects; empty: any that no rule names"),
    }),
    fromAlert: ({ port }) => (port === undefined ? {} : { port: Number(port) }),
  },
  ({ params: { port, from } }) => ({
    firewall: host.firewall({
      ...(port === undefined ? {} : { port }),
      ...(from === undefined ? {} : { from }),
    }),
    ...(port === undefined ? {} : { holders: host.portHolders({ port }) }),
  }),
);

export const firewallBook = book
  .remedies({
    openTo: book.advises("Let one network in, and no more", "high", ({ holders, firewall }) => {
      const port = String(holders?.port ?? "PORT");
      const ufw = `\`ufw allow from NETWORK to any port ${shellWord(port)} proto tcp\` (back: \`ufw delete allow from NETWORK to any port ${shellWord(port)} proto tcp\`)`;
      const nft = `\`nft insert rule inet filter input ip saddr NETWORK tcp dport ${shellWord(port)} accept\` into the chain that drops (back: its handle by \`nft -a list ruleset\`, then \`nft delete rule … handle N\`), and into /etc/nftables.conf`;
      return `${firewall?.ufw === "active" ? ufw : `${nft}; with ufw ${ufw}`}. NETWORK is that of the clients (\`10.0.3.0/24\`), never 0.0.0.0/0 for a database. A published port of a container is not reached by these: rules for it belong in the chain DOCKER-USER. Then try it from there: \`nc -vz -w 3 HOST ${shellWord(port)}\`.`;
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
      return portFindings(firewall, holders, params.from);
    }),
  ]);
