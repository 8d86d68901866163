import { isIP } from "node:net";
import type { Connection } from "../../core/words/connection.ts";
import type { OwnHost } from "../../lib/own-host.ts";

type Labels = Readonly<Record<string, string>>;

/** Labels that say where an alert comes from, the plainest first. */
const PLACE_LABELS = [
  ...[
    "connection",
    "server",
    "target",
    "host",
    "hostname",
    "nodename",
    "node",
    "instance",
    "exported_instance",
  ],
  ...["address", "addr", "endpoint_host", "db_host", "database_host", "redis_host"],
  ...["fqdn", "node_name", "kubernetes_node", "kubernetes_io_hostname"],
  // What clouds call their services: addresses begin with it.
  ...["dbinstance_identifier", "dimension_DBInstanceIdentifier", "db_instance_identifier"],
  ...["cache_cluster_id", "dimension_CacheClusterId", "replication_group_id"],
];
/** Labels that name a part of the system, not where it is: they tell only where a connection is called so. */
const NAME_LABELS = ["service", "component", "app", "app_kubernetes_io_name"];
const LONGEST = 300;

/** Where an alert says it is about. */
export interface Place {
  /** The label that says so: `instance="db2:5432"`. */
  readonly said: string;
  readonly whole: string;
  readonly host: string;
  /** The host as written, and the address within a name such as `ip-10-0-1-6`. */
  readonly hosts: readonly string[];
  readonly port: number | undefined;
}

/** The labels that may be a connection's own name. */
export const namesIn = (labels: Labels): { said: string; name: string }[] =>
  NAME_LABELS.flatMap((label) => {
    const value = Object.hasOwn(labels, label) ? (labels[label] ?? "").slice(0, LONGEST) : "";
    return value === "" ? [] : [{ said: `${label}="${value}"`, name: value.toLowerCase() }];
  });

/** What the labels of an alert name; a URL counts by its host. */
export const placesOf = (labels: Labels): Place[] =>
  PLACE_LABELS.flatMap((name) => {
    const value = Object.hasOwn(labels, name) ? (labels[name] ?? "").slice(0, LONGEST).trim() : "";
    if (value === "") return [];
    const { host, port } = split(value);
    const place = { said: `${name}="${value}"`, whole: value.toLowerCase(), host, port };
    return host === "" ? [] : [{ ...place, hosts: spellings(host) }];
  });

/** What EC2 and others call a machine: by its address. */
const BY_ADDRESS = /^ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?:\.|$)/;

/** A host in the one way it is compared in, with the address its name holds. */
function spellings(host: string): string[] {
  const [, ...parts] = BY_ADDRESS.exec(host) ?? [];
  const address = parts.join(".");
  return [plain(host), ...(isIP(address) === 4 ? [address] : [])];
}

/** IPv6 has many spellings; an IPv4 address within one (`::ffff:10.0.0.5`) is that address. */
function plain(host: string): string {
  if (isIP(host) !== 6) return host;
  const [, mapped = ""] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host) ?? [];
  if (isIP(mapped) === 4) return mapped;
  const url = `http://[${host}]/`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : host;
}

function split(value: string): { host: string; port: number | undefined } {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? hostOfUrl(value) : value;
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = (bracketed ?? plain ?? (isIP(text) === 6 ? text : "")).toLowerCase().replace(/\.$/, "");
  return { host, port: port === undefined ? undefined : Number(port) };
}

const hostOfUrl = (value: string): string => (URL.canParse(value) ? new URL(value).host : "");

/** Where a connection leads; `names` are hosts without their ports. */
export interface Target {
  readonly name: string;
  readonly names: readonly string[];
  readonly port: number | undefined;
  readonly database: string | undefined;
  readonly aliases: readonly string[];
  /** On the machine of this process, which others may call by names it does not know. */
  readonly isOwn: boolean;
}

/** What is known of where a connection leads, from its configuration and, of the local machine, from the machine itself. */
export function targetOf({ face }: Connection, aliases: readonly string[], own: OwnHost): Target {
  const { name, endpoint, about = {} } = face;
  const database = typeof about.database === "string" ? about.database : undefined;
  const machine = typeof about.machine === "string" ? [about.machine] : [];
  const written = endpoint === undefined ? machine : [endpoint.host];
  // Others do not call this machine by its loopback, but by what it has and is called.
  const isOwn = about.local === true || written.some(isLoopback);
  const hosts = isOwn ? [...own.addresses, own.name] : written;
  return {
    ...{ name, database, port: endpoint?.port, isOwn },
    names: hosts.flatMap((host) => spellings(host.toLowerCase().replace(/\.$/, ""))),
    aliases: aliases.map((alias) => alias.toLowerCase()),
  };
}

/** How surely a place is the target's: 0 says nothing of it. */
export function likeness(place: Place, target: Target): number {
  const { name, aliases, names, port } = target;
  if (aliases.includes(place.whole) || aliases.includes(place.host)) return 5;
  if (place.hosts.some((host) => names.includes(host)))
    return place.port !== undefined && place.port === port ? 4 : 3;
  if (name.toLowerCase() === place.host) return 3;
  return names.some((one) => isShortFor(one, place.host)) ? 2 : 0;
}

/** `db2` and `db2.internal`. Addresses have no short form. */
const isShortFor = (one: string, other: string): boolean =>
  isIP(one) === 0 && isIP(other) === 0 && (one.startsWith(`${other}.`) || other.startsWith(`${one}.`));

/** Whether the place is surely not the target's: two addresses of one network, or two names of the service itself, that differ. */
export function isElsewhere({ hosts, port: at }: Place, target: Target): boolean {
  const { names, port, isOwn } = target;
  if (names.length === 0 || hosts.some(isLoopback)) return false;
  // Of a service an exporter may stand elsewhere: only the service's own port tells. A machine has none.
  if (port !== undefined && at !== port) return false;
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  const telling = addresses.length > 0 ? addresses : hosts;
  return telling.every((host) => {
    // A machine may have many names, and an exporter that of its container.
    if (isIP(host) === 0 && (port === undefined || isOwn)) return false;
    const known = names.filter((one) => areComparable(one, host, target));
    return known.length > 0 && !known.includes(host);
  });
}

/** All addresses of this machine are known; of another one only one, and it may well have a public one and one within. */
function areComparable(one: string, other: string, { isOwn }: Target): boolean {
  if (isIP(one) !== isIP(other)) return false;
  return isIP(one) === 0 || isOwn || (networkOf(one) === networkOf(other) && areNeighbours(one, other));
}

/** Blocks that two machines have their addresses from when they speak to each other within. */
const NETWORKS: readonly (readonly [RegExp, string])[] = [
  [/^10\./, "10/8"],
  [/^172\.(?:1[6-9]|2\d|3[01])\./, "172.16/12"],
  [/^192\.168\./, "192.168/16"],
  [/^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./, "100.64/10"],
  [/^(?:169\.254\.|fe[89ab])/, "link"],
  [/^f[cd]/, "fc00::/7"],
];
const networkOf = (address: string): string =>
  NETWORKS.find(([block]) => block.test(address))?.[1] ?? "public";

/** What engines and clusters give to containers and pods, where nothing else is set: an exporter's own address, on any machine. */
const OF_CONTAINERS = /^(?:172\.(?:1[7-9]|2\d|30)|10\.(?:42|88|244))\.\d+\.\d+$/;

/** Unless both stand in one such network, an address of a container tells nothing of the machine it is on. */
const areNeighbours = (one: string, other: string): boolean =>
  (!OF_CONTAINERS.test(one) && !OF_CONTAINERS.test(other)) || half(one) === half(other);
const half = (address: string): string => address.split(".").slice(0, 2).join(".");

/** The machine it is said on, whichever that is. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");
