import { ORIGIN, OWNER } from "./next-steps.ts";
import type { Sign } from "./sign.ts";

const CF = ["server", /^cloudflare/i] as const;
const CF_DOCS = "what the origin sees is in its own log, by the Ray ID";

const cloudflare = (status: number, reason: string, next = ORIGIN): Sign => ({
  by: "Cloudflare",
  status: [status],
  cause: "behind",
  reason,
  next,
});
/** Its own codes, in the page or as `error code: 1020`. */
const cloudflareBody = (codes: string, cause: Sign["cause"], reason: string, next?: string): Sign => ({
  by: "Cloudflare",
  header: CF,
  body: new RegExp(`(error code: |cf-error-code">|Error\\s{1,3}(<[^<>]{0,40}>)?)(${codes})\\b`, "i"),
  cause,
  reason,
  ...(next === undefined ? {} : { next }),
});

/** Cloudflare: 520 to 530 are its own codes, 1xxx stand in its pages. */
export const CLOUDFLARE: readonly Sign[] = [
  {
    by: "Cloudflare",
    header: ["cf-mitigated", /challenge/i],
    cause: "blocked",
    reason: "it wants a browser challenge solved, which no program can",
    next: OWNER,
  },
  {
    by: "Cloudflare",
    header: CF,
    body: /<title>\s*(Just a moment|Attention Required!|Please Wait\.\.\. \| Cloudflare)/i,
    cause: "blocked",
    reason: "it wants a browser challenge solved, which no program can",
    next: OWNER,
  },
  cloudflareBody("1015", "limited", "a rate limiting rule of the site was reached (1015)"),
  cloudflareBody(
    "1005|1006|1007|1008|1106",
    "blocked",
    "this address is banned by the owner of the site",
    OWNER,
  ),
  cloudflareBody("1009", "blocked", "the country of this address is not allowed", OWNER),
  cloudflareBody("1010|1012|1020|1025", "blocked", "a firewall rule of the site refuses this client", OWNER),
  cloudflareBody(
    "1001|1016",
    "behind",
    "the origin's name cannot be resolved",
    "Correct the DNS record of the origin at Cloudflare (usually a CNAME to a name that is gone).",
  ),
  cloudflareBody(
    "1033",
    "behind",
    "its tunnel to the origin is not connected",
    "See whether cloudflared runs beside the service and is connected.",
  ),
  cloudflareBody(
    "1000|1003|1013|1014|1018|1019|1034",
    "no-route",
    "it does not know this host name, or the name points to an address it may not",
    "Compare the host name in diagbot.yaml with the zone at Cloudflare.",
  ),
  cloudflareBody("1027", "quota", "the daily limit of its Worker is used up"),
  cloudflareBody(
    "1101|1102|1104",
    "edge-fault",
    "its Worker script failed",
    "Look at the Worker's log: the origin was not asked.",
  ),
  cloudflare(
    520,
    "the origin answered with nothing or with what is no HTTP: it crashed, reset the connection or sent too large headers",
  ),
  cloudflare(521, "the origin refuses the connection: nothing listens there, or a firewall refuses the edge"),
  cloudflare(
    522,
    "the origin does not take a TCP connection: packets are dropped, the machine is down or overloaded",
  ),
  cloudflare(523, "there is no route to the origin: its address in DNS is wrong or its network is gone"),
  cloudflare(
    524,
    "the origin took the connection but sent no answer in time (100 s)",
    "The service is too slow for the edge: see what it works on, and make long work asynchronous.",
  ),
  cloudflare(
    525,
    "the TLS handshake with the origin failed",
    "Run tls-expiry for the origin itself: no certificate, no common TLS version or cipher.",
  ),
  cloudflare(
    526,
    "the origin's certificate is not valid (expired, another name or self-signed)",
    "Run tls-expiry for the origin itself and renew its certificate.",
  ),
  cloudflare(527, "the connection to the origin (Railgun) broke"),
  cloudflare(530, `the origin could not be reached or resolved; ${CF_DOCS}`),
  {
    by: "Cloudflare",
    status: [502, 503, 504],
    header: CF,
    body: /error code: 50[234]|cf-error-details|<center>cloudflare<\/center>|Unable to reach the origin service/i,
    cause: "behind",
    reason: "it has no answer from the origin",
    next: ORIGIN,
  },
  {
    by: "Cloudflare",
    status: [500],
    header: CF,
    body: /error code: 500\b|<center>cloudflare<\/center>/i,
    cause: "edge-fault",
    reason:
      "the page is its own: a fault or a setting there (rules, Workers, certificates); the service was not asked",
    next: "Look at Cloudflare's status page and at what was changed in the zone lately.",
  },
  {
    by: "Cloudflare",
    status: [413],
    header: CF,
    body: /<center>cloudflare<\/center>/i,
    cause: "bad-request",
    reason: "the request is larger than the plan allows",
  },
  {
    by: "Cloudflare",
    status: [400],
    header: CF,
    body: /<center>cloudflare<\/center>/i,
    cause: "bad-request",
    reason: "it does not take this request (plain HTTP to its HTTPS port, or headers it refuses)",
  },
];
