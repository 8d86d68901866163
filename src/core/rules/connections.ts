import type { Connection, Endpoint } from "../words/connection.ts";
import type { Connector } from "../words/connector.ts";
import type { ConnectionKind } from "../words/kind.ts";

/** A connection as its kind reads it. `settings` have passed the kind's schema. Pure; never throws. */
export function readConnection(kind: ConnectionKind, name: string, settings: unknown): Connection {
  const endpoint = endpointOf(kind, settings);
  const about = kind.about?.(settings);
  const face = {
    name,
    kind: kind.name,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(about === undefined ? {} : { about }),
  };
  return { kind: kind.name, face, settings };
}

const OTHER_HOSTS = /^([a-z][a-z+.-]*:\/\/(?:[^@/?#]*@)?[^,/?#]+),[^/?#]+/i;

/** The `url` of a connection's settings, of several hosts the first; undefined where it has none that parses. */
export function urlOf(settings: unknown, { severalHosts }: ConnectionKind): URL | undefined {
  if (typeof settings !== "object" || settings === null || !("url" in settings)) return undefined;
  if (typeof settings.url !== "string") return undefined;
  const url = severalHosts === true ? settings.url.replace(OTHER_HOSTS, "$1") : settings.url;
  return URL.canParse(url) ? new URL(url) : undefined;
}

function endpointOf(kind: ConnectionKind, settings: unknown): Endpoint | undefined {
  if (kind.endpoint !== undefined) return kind.endpoint(settings);
  const url = urlOf(settings, kind);
  const scheme = url === undefined ? undefined : kind.schemes[url.protocol];
  if (url === undefined || url.hostname === "" || scheme === null) return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (scheme?.port ?? 0) : Number(url.port);
  return { host, port, tls: scheme?.tls === true };
}

/** Whether what goes to this URL can be read on the way, as far as its kind knows. */
export const isPlain = (kind: ConnectionKind, url: URL): boolean => {
  const scheme = kind.schemes[url.protocol];
  return scheme !== undefined && scheme !== null && scheme.tls !== true && kind.encrypts?.(url) !== true;
};

/** The connectors of the kinds that have one. */
export const connectorsOf = (kinds: readonly ConnectionKind[]): readonly Connector[] =>
  kinds.flatMap(({ connector }) => connector ?? []);

/** The kind of that name. */
export const kindNamed = (kinds: readonly ConnectionKind[], name: string): ConnectionKind | undefined =>
  kinds.find((kind) => kind.name === name);

/**
 * What diagbot does not do with a connection of this kind, as long as it has no connector; undefined: it has one. Said by
 * `check`, at start and by `doctor`: what is not looked at must not read as healthy.
 */
export function gapOf(kind: ConnectionKind, { face }: Connection): string | undefined {
  if (kind.connector !== undefined) return undefined;
  const why = `diagbot has no connector for ${kind.name} yet`;
  return kind.health === undefined && face.endpoint !== undefined
    ? `only whether its port takes a connection is looked at: ${why}`
    : `nothing is looked at through it: ${why}`;
}
