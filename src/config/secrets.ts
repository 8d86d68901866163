import { kindNamed } from "../core/rules/connections.ts";
import type { Connection } from "../core/words/connection.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Principal } from "../core/words/policy.ts";
import type { System } from "../core/words/system.ts";
import type { Environment } from "./environment.ts";

const SECRET_PARAMETER = /pass|secret|token|key/i;
/** Other headers (`x-env: production`) hold everyday words that must stay readable. */
const SECRET_HEADER = /auth|pass|secret|token|key|cookie|session/i;

/** Every secret value of the configuration, for the redactor. */
export function secretsOf(
  environment: Environment,
  systems: readonly System[],
  kinds: readonly ConnectionKind[],
): string[] {
  const { slack } = environment;
  const own = [
    ...[slack?.botToken, slack?.signingSecret, slack?.appToken],
    ...[environment.alertmanagerToken, environment.alertmanagerTokenPrevious, environment.changesToken],
  ];
  const urls = [environment.databaseUrl, environment.redisUrl];
  const connections = systems.flatMap((system) => Object.values(system.connections));
  const foreign = connections.flatMap((connection) => ofConnection(connection, kinds));
  const found = [...own, ...urls.flatMap(inUrl), ...foreign];
  return [...new Set(found.filter((value): value is string => value !== undefined && value !== ""))];
}

function ofConnection({ kind, settings }: Connection, kinds: readonly ConnectionKind[]): string[] {
  const { url, headers } = settings as { readonly url?: unknown; readonly headers?: unknown };
  return [
    ...(typeof url === "string" ? inUrl(url) : []),
    ...(typeof headers === "object" && headers !== null ? Object.entries(headers).flatMap(inHeader) : []),
    ...(kindNamed(kinds, kind)?.secrets?.(settings) ?? []),
  ];
}

/**
 * What people have to see to know what is spoken of: hosts, channels, members and the labels of alerts. Everything else that
 * comes from `${…}` is a secret, whatever its key.
 */
export function openWords(
  systems: readonly System[],
  people: readonly Principal[],
  channel: string | undefined,
): ReadonlySet<string> {
  const words = systems.flatMap((system) => [
    system.id,
    system.channel,
    ...system.match.flatMap((match) => Object.values(match)),
    ...Object.values(system.connections).flatMap(({ face: { endpoint: at } }) => {
      return at === undefined ? [] : [at.host, `${at.host}:${at.port}`];
    }),
  ]);
  const members = people.flatMap(({ id, slack }) => [id, ...slack]);
  return new Set([...words, ...members, channel].filter((word) => word !== undefined));
}

/** What of a URL is secret. */
// The whole URL too: a password too short to be redacted by itself is still gone with its URL.
export function inUrl(url: string | undefined): string[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const { username, password, searchParams } = new URL(url);
  const parameters = [...searchParams]
    .filter(([name]) => SECRET_PARAMETER.test(name))
    .map(([, value]) => value);
  if (password === "" && parameters.length === 0) return [];
  // `postgres:postgres` hides nothing, but without its name nobody can read what is said about Postgres.
  if (password === username) return [url, ...parameters];
  return [url, password, decoded(password), ...parameters];
}

// `Bearer abc`: people also print the part after the scheme.
const inHeader = ([name, value]: [string, unknown]): string[] =>
  typeof value === "string" && SECRET_HEADER.test(name) ? [value, value.replace(/^\S+\s+/, "")] : [];

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
