import { isPlain, kindNamed, urlOf } from "../core/rules/connections.ts";
import { sayDuration } from "../core/words/duration.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Policy } from "../core/words/policy.ts";
import { RISKS } from "../core/words/risk.ts";
import { isSigningKey } from "../lib/signature.ts";
import type { Environment } from "./environment.ts";
import { hostReach } from "./public-host.ts";
import type { ConfigFile, ConnectionSettings } from "./schema.ts";
import { weakness } from "./weak-secret.ts";

/**
 * Something unsafe about how diagbot is set up. `refuse`: never right, so it does not start. `warn`: may be what was meant,
 * so it is said at every start. `path`: where in diagbot.yaml; absent: an environment variable, which the message names.
 */
export interface Concern {
  readonly level: "refuse" | "warn";
  readonly path?: readonly PropertyKey[];
  readonly message: string;
}

const HOUR = 3_600_000;
const LONG_MS = 24 * HOUR;
const ENDLESS_MS = 7 * LONG_MS;
const SLACK_SIGNING_SECRET = /^[0-9a-f]{32}$/i;

/** What `check`, `doctor` and `serve` say of the environment. Pure. */
export function environmentConcerns(
  { alertmanagerToken, changesToken, slack, databaseUrl, redisUrl }: Environment,
  kinds: readonly ConnectionKind[],
): Concern[] {
  const { signingSecret, apiUrl } = slack ?? {};
  const isRealSlack = apiUrl === undefined || hostReach(new URL(apiUrl).hostname) !== "private";
  return [
    ...weak("ALERTMANAGER_TOKEN", alertmanagerToken, "anybody could send alerts. Use: openssl rand -hex 32"),
    ...weak("CHANGES_TOKEN", changesToken, "anybody could tell of changes. Use: openssl rand -hex 32"),
    ...weak("SLACK_SIGNING_SECRET", signingSecret, "anybody could speak as anybody in Slack"),
    ...(signingSecret !== undefined && isRealSlack && !SLACK_SIGNING_SECRET.test(signingSecret)
      ? [warn("SLACK_SIGNING_SECRET does not look like one of Slack's (32 hexadecimal digits)")]
      : []),
    ...(apiUrl?.startsWith("http:") && isRealSlack
      ? [
          refuse(
            "SLACK_API_URL is plain HTTP to a public host: everybody on the way could read the bot's token",
          ),
        ]
      : []),
    ...ownUrl("DATABASE_URL", databaseUrl, kinds),
    ...(redisUrl === undefined ? [] : ownUrl("REDIS_URL", redisUrl, kinds)),
  ];
}

const refuse = (message: string, path?: readonly PropertyKey[]): Concern => concern("refuse", message, path);
const warn = (message: string, path?: readonly PropertyKey[]): Concern => concern("warn", message, path);
const concern = (level: Concern["level"], message: string, path?: readonly PropertyKey[]): Concern => ({
  level,
  message,
  ...(path === undefined ? {} : { path }),
});

function weak(name: string, secret: string | undefined, so: string): Concern[] {
  const why = secret === undefined ? undefined : weakness(secret);
  return why === undefined ? [] : [refuse(`${name} ${why}: ${so}`)];
}

function ownUrl(name: string, url: string, kinds: readonly ConnectionKind[]): Concern[] {
  const parsed = new URL(url);
  const { hostname, password, protocol } = parsed;
  if (hostname === "" || isLoopback(hostname)) return [];
  const kind = kinds.find(({ schemes }) => protocol in schemes);
  const why = password === "" ? undefined : weakness(decodeURIComponent(password));
  return [
    ...(why === undefined ? [] : [warn(`the password in ${name} ${why}`)]),
    ...(kind !== undefined && isInClear(kind, parsed)
      ? [warn(`${name} goes to a public host without TLS`)]
      : []),
  ];
}

const isLoopback = (host: string): boolean => /^(?:localhost|127\..*|\[?::1\]?)$/.test(host);

/** What they say of diagbot.yaml. Pure. */
export function fileConcerns(file: ConfigFile, kinds: readonly ConnectionKind[]): Concern[] {
  return [
    ...RISKS.flatMap((risk) => {
      const policy = file.policies[risk];
      return policy === undefined ? [] : [...times(risk, policy), ...lonely(risk, policy)];
    }),
    ...Object.entries(file.systems).flatMap(([id, { connections }]) =>
      Object.entries(connections).flatMap(([name, settings]) => {
        const kind = kindNamed(kinds, settings.kind);
        return kind === undefined ? [] : inClear(kind, settings, ["systems", id, "connections", name, "url"]);
      }),
    ),
    ...shared(file),
    ...(file.audit === undefined || isSigningKey(file.audit.key)
      ? []
      : [refuse("must be an Ed25519 private key in PEM: nothing can be signed with this", ["audit", "key"])]),
  ];
}

/** Whoever comes through this account by sudo is known by another name; without sudo all of them would be one person. */
const shared = ({ people, commandLine: { sudo } }: ConfigFile): Concern[] =>
  Object.entries(people).flatMap(([id, { login }]) =>
    (login ?? []).flatMap((one, index) =>
      sudo.includes(one.split("@")[0] ?? "")
        ? [
            warn(
              `people become ${one} by sudo (commandLine.sudo): who has its shell votes as ${id}. Name an account of ${id}'s own`,
              [...["people", id, "login"], index],
            ),
          ]
        : [],
    ),
  );

function lonely(risk: string, { approvals, self }: Policy): Concern[] {
  const path = ["policies", risk, "self"];
  if (risk !== "destructive" || approvals > 1) return [];
  if (self)
    return [refuse("with one approval, whoever asks could destroy data alone; say self: false", path)];
  return [
    warn("after an alert nobody has asked, so one person alone decides what is destroyed; 2 are usual", [
      "policies",
      risk,
      "approvals",
    ]),
  ];
}

function times(risk: string, policy: Policy): Concern[] {
  return (["expires", "execute"] as const).flatMap((name) => {
    const path = ["policies", risk, name];
    const said = `${sayDuration(policy[name])} is so long that nobody remembers what was approved`;
    if (policy[name] > ENDLESS_MS) return [refuse(`${said}; at most 7d`, path)];
    return policy[name] > LONG_MS ? [warn(`${said}; 30m are usual`, path)] : [];
  });
}

// Behind a public name may stand a private address, so it is a warning; a public address with credentials is never right.
function inClear(
  kind: ConnectionKind,
  settings: ConnectionSettings,
  path: readonly PropertyKey[],
): Concern[] {
  const url = urlOf(settings, kind);
  if (url === undefined || !isInClear(kind, url)) return [];
  const { hostname, password, protocol } = url;
  const hasCredentials =
    password !== "" ||
    Object.keys(settings.headers ?? {}).some((name) => /auth|key|token|cookie/i.test(name));
  const what = `goes to a public host without TLS (${protocol}//)`;
  if (!hasCredentials) return [warn(`${what}: everybody on the way can read and change the answers`, path)];
  const said = `${what} with credentials: everybody on the way can read them`;
  return [hostReach(hostname) === "address" ? refuse(said, path) : warn(said, path)];
}

/** Whether what goes there can be read on the way, as far as the URL tells. */
const isInClear = (kind: ConnectionKind, url: URL): boolean =>
  url.hostname !== "" && hostReach(url.hostname) !== "private" && isPlain(kind, url);
