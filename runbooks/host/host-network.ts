import { type ConnectionFace, host, runbookOn, z } from "../../src/sdk/index.ts";
import { chosen, type Reached, withEndpoint } from "../network/endpoints.ts";
import { changefulFindings, linkFindings, wayFindings } from "./network-ways.ts";

const LOOPBACK = /^(localhost|127\.[\d.]+|::1)$/;

/** Others of the system that are reached over a network: what is on the machine itself leaves it by no interface. */
const wanted = (faces: readonly ConnectionFace[], name: string | undefined): Reached[] =>
  chosen(withEndpoint(faces), name)
    .filter(({ kind, endpoint }) => kind !== "host" && !LOOPBACK.test(endpoint.host))
    .slice(0, 20);

/** Interfaces and routes of a machine, and how it reaches the other connections of its system by them. */
const book = runbookOn(
  "host",
  {
    id: "host-network",
    title: "Network of a machine",
    covers: ["tektra.network-connectivity"],
    alerts: [
      "NodeNetworkInterfaceDown",
      "HostNetworkInterfaceDown",
      "HostNetworkReceiveErrors",
      "HostNetworkTransmitErrors",
      "NodeNetworkReceiveErrs",
      "NodeNetworkTransmitErrs",
    ],
    params: z.object({
      connection: z
        .string()
        .max(100)
        .optional()
        .describe("only the way to this connection; empty: to all with an address"),
      tries: z
        .int()
        .min(1)
        .max(10)
        .default(3)
        .describe("connections that are opened to each, one after the other"),
    }),
    explains: "all",
  },
  ({ params: { connection, tries }, system }) => ({
    links: host.links({
      to: wanted(system.connections, connection).map(({ endpoint }) => ({
        host: endpoint.host,
        port: endpoint.port,
      })),
      tries,
    }),
  }),
);

/** A name without an address there. */
const nameless = ({ ways }: host.Links) => ways.filter(({ address }) => address === "");

export const hostNetwork = book
  .remedies({
    restoreRoute: book.advises(
      "Restore the route",
      "high",
      "What should be there stands in the machine's own settings (`networkctl status`, `nmcli connection show`, /etc/netplan, /etc/network/interfaces): see which of it is not in force, and why (`journalctl --since -1d -u systemd-networkd -u NetworkManager`; a lease of DHCP that was not renewed takes its default route with it). Back until then: `ip route replace default via GATEWAY dev INTERFACE`; a blackhole, prohibit or unreachable route is taken out by `ip route del TYPE NETWORK` once it is known who has set it (a VPN, a cluster's network, a ban).",
    ),
    repairLink: book.advises(
      "Bring the interface up",
      "high",
      "`ip -s link show INTERFACE`, `ethtool INTERFACE` (Link detected), `journalctl --since -1d -k -g INTERFACE`. Switched off: `ip link set INTERFACE up`, and see who has switched it off. No carrier: cable, port of the switch, the virtual machine's own settings; of a veth or bridge: the container or guest at its other end is gone.",
    ),
    askNeighbour: book.advises(
      "Find who should answer",
      "high",
      "`ip neigh show`, `arping -I INTERFACE ADDRESS`: nobody: the gateway or the other machine is off, in another VLAN, or has another address. Where a bridge of containers covers a network that is elsewhere: give that bridge another network (`docker network rm`, then `ipam:` of the Compose file; `default-address-pools` of /etc/docker/daemon.json) once nothing uses it.",
    ),
    lookOnTheWay: book.advises(
      "Find where packets are lost",
      "low",
      "Run `firewall` on both machines for that port. `mtr -T -P PORT ADDRESS` (or `traceroute -T -p PORT`) shows how far packets come, `tcpdump -ni INTERFACE host ADDRESS and port PORT` at both ends which of them hears the other: asked and not answered there is a firewall or a missing way back, never arrived is lost between.",
    ),
    giveAnotherAddress: book.advises(
      "Give one of the two another address",
      "high",
      "`arping -D -I INTERFACE ADDRESS` (IPv6: `ndisc6`) shows the other's hardware address; whoever has it by hand beside DHCP is mostly the one to change.",
    ),
    changeCable: book.advises(
      "Change what damages frames",
      "high",
      "`ip -s -s link show INTERFACE` says which kind: crc and frame are cable, optics or port; missed and fifo are a queue that is too small (`ethtool -G`) or a processor that does not keep up. Compare with the counters of the switch's port.",
    ),
    repairName: book.advises(
      "Let the name be found there",
      "high",
      "`getent ahosts NAME` on that machine shows what programs see; run `tcp-dependency` for what each name server says. /etc/resolv.conf, /etc/hosts and the order in /etc/nsswitch.conf are that machine's own.",
    ),
  })
  .findings((find) => [
    find(["links"], ({ links }) => wayFindings(links)),
    find(["links"], ({ links }) =>
      nameless(links).map(({ host: name, port }) => ({
        id: `no-address:${name}:${port}`,
        severity: "critical" as const,
        title: `${name} has no address on the machine`,
        because:
          "The machine's own lookup (hosts file, name servers, in its order) gives none within 4 s, so no packet is sent.",
        remedies: ["repairName" as const],
      })),
    ),
    find(["links"], ({ links }) => changefulFindings(links)),
    find(["links"], ({ links }) => linkFindings(links)),
  ]);
