/** What a line of nginx's error log is about: the words are nginx's own (src/http/ngx_http_upstream.c, src/core/ngx_connection.c), those of the system in brackets by their number. */
export const KINDS = [
  "refused",
  "connect-timeout",
  "answer-timeout",
  "no-live-upstreams",
  "closed-early",
  "unreachable",
  "no-local-port",
  "backlog-full",
  "no-space",
  "no-http",
  "redirect-cycle",
  "no-socket",
  "not-allowed",
  "unresolved",
  "header-too-big",
  "upstream-tls",
  "open-files",
  "worker-connections",
  "body-too-large",
  "client-tls",
  "limited",
  "worker-died",
] as const;
export type Kind = (typeof KINDS)[number];

/** First match wins; each in linear time. */
const PATTERNS: readonly (readonly [Kind, RegExp])[] = [
  ["no-live-upstreams", /no live upstreams while connecting to upstream/],
  // musl (Alpine) says it in other words: the number is the same.
  ["open-files", /\(24: /],
  ["no-space", /\((?:28|122): /],
  ["worker-connections", /worker_connections are not enough/],
  [
    "upstream-tls",
    /SSL_do_handshake\(\) failed .*while SSL handshaking to upstream|upstream SSL certificate|peer closed connection in SSL handshake .*while SSL handshaking to upstream/,
  ],
  ["client-tls", /SSL_do_handshake\(\) failed|while SSL handshaking(?! to upstream)/],
  ["refused", /connect\(\) (?:to \S+ )?failed \(111: /],
  ["no-socket", /connect\(\) (?:to \S+ )?failed \(2: /],
  ["not-allowed", /connect\(\) (?:to \S+ )?failed \((?:13|1): /],
  ["backlog-full", /connect\(\) (?:to \S+ )?failed \(11: /],
  ["no-local-port", /(?:connect|bind)\(\) (?:to \S+ )?failed \(99: .*upstream/],
  [
    "unreachable",
    /(?:connect\(\) (?:to \S+ )?failed|while connecting to upstream).*\((?:113|101): |connect\(\) (?:to \S+ )?failed \((?:113|101): /,
  ],
  [
    "connect-timeout",
    /upstream timed out .*while connecting to upstream|connect\(\) (?:to \S+ )?failed \(110: /,
  ],
  ["answer-timeout", /upstream timed out/],
  [
    "closed-early",
    /upstream prematurely closed connection|\(104: Connection reset by peer\) while reading (?:response header from )?upstream|(?:recv|writev|send)\(\) failed \((?:104|32): .*upstream/,
  ],
  ["unresolved", /could not be resolved|host not found in upstream|no resolver defined to resolve/],
  ["no-http", /upstream sent (?:no valid HTTP|invalid header|unsupported FastCGI|invalid status)/],
  ["redirect-cycle", /rewrite or internal redirection cycle/],
  ["header-too-big", /upstream sent too big header/],
  ["body-too-large", /client intended to send too large body/],
  ["limited", /limiting (?:requests|connections)/],
  ["worker-died", /worker process \d+ exited (?:on signal (?!15\b)|with fatal code)/],
];

export const kindOf = (message: string): Kind | undefined =>
  PATTERNS.find(([, pattern]) => pattern.test(message.slice(0, 2_000)))?.[0];

/** `upstream: "http://127.0.0.1:8000/api"`: whom it was asked of, without the path. */
export function upstreamOf(message: string): string {
  const said = /upstream: "([^"]{1,300})/.exec(message)?.[1] ?? "";
  const [, unix] = /^\w+:\/\/(unix:[^:]{1,200})/.exec(said) ?? [];
  return unix ?? /^\w+:\/\/([^/"]{1,200})/.exec(said)?.[1] ?? "";
}
