import { count, host, rows, runbookOn, saySeconds, shellWord, z } from "../../src/sdk/index.ts";

/** One address that must be kept out for a while. */
const book = runbookOn(
  "host",
  {
    id: "block-ip",
    title: "Block an address for a time",
    covers: ["sergas-accounts.block-ip"],
    alerts: [],
    params: z.object({
      address: z
        .union([z.ipv4(), z.ipv6()])
        .optional()
        .describe("one IPv4 or IPv6 address; empty: what is blocked and who is connected"),
      minutes: z.int().min(1).max(1_440).default(60).describe("it is let in again after so many minutes"),
    }),
  },
  ({ params: { address } }) => ({ blocked: host.blocked(address === undefined ? {} : { of: address }) }),
);

const inputOf = (address: string, minutes: number) => ({ address, seconds: minutes * 60 });

export const blockIp = book
  .remedies({
    block: book.does(host.blockAddress, ["blocked"], (_seen, { params: { address, minutes } }) =>
      address === undefined ? undefined : inputOf(address, minutes),
    ),
    unblock: book.does(host.unblockAddress, ["blocked"], (_seen, { params: { address, minutes } }) =>
      address === undefined ? undefined : inputOf(address, minutes),
    ),
    elsewhere: book.advises("Stop it where it comes in", "low", (_seen, { params: { address } }) => {
      const word = address ?? "ADDRESS";
      return `Behind a load balancer or a proxy the machine sees only that: block there, by the address of the client (nginx \`deny ${shellWord(word)};\` with \`real_ip\`, a rule of the provider's firewall or WAF). See whose it is first: \`whois ${shellWord(word)}\`. Many addresses at once are a matter of rate limits and the provider, and attempts to log in of fail2ban.`;
    }),
  })
  .findings((find) => [
    find(
      ["blocked"],
      ({ blocked: { addresses, connections, never, packets } }, { params: { address, minutes } }) => {
        const evidence = [
          rows("Open connections", connections.slice(0, 12), {
            peer: (one) => one.peer,
            "port here": (one) => (address === undefined ? null : one.port),
            open: (one) => one.open,
          }),
          rows("Blocked now", addresses.slice(0, 12), {
            address: (one) => one.address,
            "let in again in": (one) => saySeconds(one.leftSeconds),
          }),
        ];
        // Nobody named one, and none is blocked: who is connected is no fault.
        if (address === undefined && addresses.length === 0) return undefined;
        if (address === undefined)
          return {
            id: "blocked-now",
            severity: "info",
            title: `${count(addresses.length, "address", "addresses")} blocked by diagbot, ${count(packets, "packet")} dropped`,
            because:
              "Each is let in again by itself when its time is over. To let one in before, or to block another, name it: `address=…`.",
            evidence,
          };
        const open = connections.reduce((sum, one) => sum + one.open, 0);
        const is = addresses.find((one) => sameAddress(one.address, address));
        if (is !== undefined)
          return {
            id: "is-blocked",
            severity: "info",
            title: `${address} is blocked for another ${saySeconds(is.leftSeconds)}`,
            because: `It is let in again by itself then. ${count(packets, "packet")} of blocked addresses were dropped.`,
            evidence,
            remedies: ["unblock"],
          };
        return {
          id: "asked-to-block",
          severity: "warning",
          title: `${address} may connect, and is to be blocked for ${minutes} min${open === 0 ? "" : `; ${count(open, "connection")} of it open`}`,
          because: `A person asked for it; that it does harm nobody has shown here.${never === null ? "" : ` It is not blocked: ${never}.`}${open === 0 ? " It has no connection to this machine now: behind a proxy it never has one." : ""}`,
          evidence,
          remedies: never === null ? ["block", "elsewhere"] : ["elsewhere"],
        };
      },
    ),
  ]);

/** Two ways of writing one address of IPv6. */
const sameAddress = (one: string, other: string): boolean =>
  one === other || (other.includes(":") && one === new URL(`http://[${other}]`).hostname.slice(1, -1));
