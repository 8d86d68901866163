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
];
const LONGEST = 300;

/** Where an alert says it is about. */
export interface Place {
  /** The label that says so: `instance="db2:5432"`. */
  readonly said: string;
  readonly whole: string;
  readonly host: string;
  readonly port: number | undefined;
}

/** What the labels of an alert name; a URL counts by its host. */
export const placesOf = (labels: Labels): Place[] =>
  PLACE_LABELS.flatMap((name) => {
    const value = Object.hasOwn(labels, name) ? (labels[name] ?? "").slice(0, LONGEST).trim() : "";
    if (value === "") return [];
    const { host, port } = split(value);
    return host === "" ? [] : [{ said: `${name}="${value}"`, whole: value.toLowerCase(), host, port }];
  });

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
    names: hosts.map((host) => host.toLowerCase()),
    aliases: aliases.map((alias) => alias.toLowerCase()),
  };
}

/** How surely a place is the target's: 0 says nothing of it. */
export function likeness(place: Place, target: Target): number {
  const { name, aliases, names, port } = target;
  if (aliases.includes(place.whole) || aliases.includes(place.host)) return 5;
  if (names.includes(place.host)) return place.port !== undefined && place.port === port ? 4 : 3;
  if (name.toLowerCase() === place.host) return 3;
  return names.some((one) => isShortFor(one, place.host)) ? 2 : 0;
}

/** `db2` and `db2.internal`. Addresses have no short form. */
const isShortFor = (one: string, other: string): boolean =>
  isIP(one) === 0 && isIP(other) === 0 && (one.startsWith(`${other}.`) || other.startsWith(`${one}.`));

/** Whether the place is surely not the target's: two addresses, or two names of the service itself, that differ. */
export function isElsewhere(place: Place, { names, port, isOwn }: Target): boolean {
  if (names.length === 0 || isLoopback(place.host)) return false;
  // Of a service an exporter may stand elsewhere: only the service's own port tells. A machine has none.
  if (port !== undefined && place.port !== port) return false;
  const known = names.filter((one) => (isIP(one) === 0) === (isIP(place.host) === 0));
  // A machine may have many names, and an exporter that of its container.
  const tells = isIP(place.host) !== 0 || (port !== undefined && !isOwn);
  return known.length > 0 && tells && !known.includes(place.host);
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("127.");
