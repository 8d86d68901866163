import { sayMs } from "../../core/rules/response-time.ts";
import type { ConnectionFace } from "../../core/words/connection.ts";
import type { HealthLimits, HealthTrouble, HealthWord } from "../../core/words/health.ts";
import type { Health } from "./shapes.ts";

/** A health endpoint answered: is the answer good? Status first, then the body's own word, its parts, then the time. */
export function judgeHealth(health: Health, { slowSeconds }: HealthLimits, face: ConnectionFace): HealthWord {
  const found = statusTrouble(health) ?? bodyTrouble(health) ?? slowTrouble(health, slowSeconds);
  if (found === undefined) return `${health.status} in ${sayMs(health.timings.totalMs)}`;
  const external = face.about?.external === true && found.severity === "critical";
  return {
    ...found,
    ...(external ? { severity: "warning" as const } : {}),
    ...(health.excerpt === undefined || health.excerpt === "" ? {} : { excerpt: health.excerpt }),
    parts: health.components,
  };
}

function statusTrouble(health: Health): HealthTrouble | undefined {
  const { status, path } = health;
  if (status >= 500) return serverError(health);
  if (status === 401 || status === 403)
    return {
      word: `${status}: credentials refused`,
      because: `GET ${path} was answered ${status}: the service does not accept the credentials of the connection, or its health endpoint is not open to diagbot.`,
      severity: "warning",
      next: "Give the connection the right `headers:` in diagbot.yaml, or let the health endpoint answer without credentials.",
    };
  if (status === 429)
    return {
      word: "429: too many requests",
      because: `The service limits even its health endpoint${retry(health)}.`,
      severity: "warning",
      next: "Lower the load or raise the limit; probes must not be counted against users.",
    };
  if (status >= 400)
    return {
      word: `${status} for ${path}`,
      because: `The service answers, but not at ${path}: the path is wrong, or a proxy or another service answers there.`,
      severity: "warning",
      next: "Correct `health:` of the connection in diagbot.yaml, or the route in front of the service.",
    };
  if (status < 300) return undefined;
  if (health.redirect?.endsWith(path) === true)
    return {
      word: `${status}: redirects in a circle`,
      because: `GET ${path} leads to ${health.redirect} again and again: most often a proxy and the service disagree about HTTPS or the host name.`,
      severity: "warning",
      next: "Compare the proxy's redirects with the service's own; X-Forwarded-Proto and Host must reach the service.",
    };
  return {
    word: `${status}: redirects elsewhere`,
    because: `GET ${path} leads to ${health.redirect ?? "another place"}, which diagbot does not follow (another host or scheme, or too many steps): a login page, a maintenance page, or the service moved.`,
    severity: "warning",
    next: "Set the connection's `url:` to where the service really is.",
  };
}

function serverError(health: Health): HealthTrouble {
  const { status } = health;
  const bad = badParts(health);
  const gateway = [502, 503, 504].includes(status) && bad.length === 0;
  const why = gateway
    ? "Usually a proxy answers for a service behind it that is down, not ready or too slow."
    : "The service itself says that it is not well.";
  return {
    word: `${status}${bad.length === 0 ? "" : `: ${bad.join(", ")}`}`,
    because: `GET ${health.path} was answered ${status}${retry(health)}. ${bad.length === 0 ? why : `It names ${bad.join(", ")}.`}`,
    severity: "critical",
    next:
      bad.length === 0
        ? "Read the service's log at this moment (and the proxy's, for 502-504) and see whether its process runs."
        : `Look at ${bad.join(", ")} first: the service only reports it.`,
  };
}

/** Trap health-200-only: a 200 may say `"status": "degraded"`. */
function bodyTrouble(health: Health): HealthTrouble | undefined {
  const bad = badParts(health);
  if (health.isBrokenJson)
    return {
      word: "broken JSON",
      because: `GET ${health.path} answers ${health.status} and announces JSON, but the body cannot be parsed.`,
      severity: "warning",
      next: "Repair the health endpoint: nobody can tell from it whether the service is well.",
    };
  if (health.page !== undefined) return pageTrouble(health, health.page);
  if (health.verdict !== "unhealthy" && health.verdict !== "degraded" && bad.length === 0) return undefined;
  const said = health.says === undefined ? "" : ` says "${health.says}"`;
  return {
    word: `${health.verdict === "unhealthy" ? "unhealthy" : "degraded"}${bad.length === 0 ? "" : `: ${bad.join(", ")}`}`,
    because: `The status is ${health.status}, but the body${said}${bad.length === 0 ? "" : `${said === "" ? " says" : " and names"} ${bad.join(", ")}`}: a check of the status alone would call it healthy.`,
    severity: health.verdict === "unhealthy" ? "critical" : "warning",
    next:
      bad.length === 0
        ? "Read the service's log."
        : `Look at ${bad.join(", ")} first: the service only reports it.`,
  };
}

/** A page at the path of a health check: nobody asked the service. A page elsewhere (`health: /`) is what was configured. */
function pageTrouble({ path, status }: Health, title: string): HealthTrouble | undefined {
  const isExcuse = /maintenance|unavailable|error|bad gateway|sign in|log ?in|down for|wartung/i.test(title);
  if (!isExcuse && !/health|ready|live|ping|status|alive|up$/i.test(path)) return undefined;
  const named = title === "" ? "" : ` "${title}"`;
  return {
    word: `a web page${named} instead of a health answer`,
    because: `GET ${path} was answered ${status} with an HTML page${named}: a maintenance or login page, or a route that answers everything. A check of the status alone would call it healthy.`,
    severity: "warning",
    next: "See what answers at this path (proxy, maintenance switch, the application's own catch-all route) and correct the route or `health:` in diagbot.yaml.",
  };
}

function slowTrouble({ timings }: Health, slowSeconds: number): HealthTrouble | undefined {
  if (timings.totalMs / 1000 <= slowSeconds) return undefined;
  return {
    word: `slow: ${sayMs(timings.totalMs)}`,
    because: `The health endpoint took ${sayMs(timings.totalMs)} (limit ${sayMs(slowSeconds * 1000)}), ${sayMs(timings.waitMs ?? 0)} of it waiting for the first byte.`,
    severity: "warning",
    next: "Run slow-responses and look at CPU, connection pools and what the health check itself calls.",
  };
}

const badParts = ({ components }: Health): string[] => {
  const bad = components.filter(({ verdict }) => verdict === "unhealthy" || verdict === "degraded");
  const words = bad.slice(0, 5).map(({ name, status }) => `${name} (${status})`);
  return bad.length > 5 ? [...words, `${bad.length - 5} more`] : words;
};

const retry = ({ retryAfterSeconds }: Health): string =>
  retryAfterSeconds === undefined ? "" : `, retry after ${retryAfterSeconds} s`;
