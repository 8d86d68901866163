import { clip } from "../../../core/words/format.ts";
import { verdictOf } from "./words.ts";

/** What an HTML page is that came as an answer. */
export type PageKind = "health" | "login" | "maintenance" | "error" | "default" | "directory" | "app";

export interface PageRead {
  readonly kind: PageKind;
  readonly title: string;
  /** Of a health page: does it say that all is well? */
  readonly isWell: boolean;
}

/** Health pages of frameworks: how they are known, and what they look like when they are not well. */
const HEALTH_PAGES: readonly { readonly is: RegExp; readonly ill: RegExp }[] = [
  // Rails: railties/lib/rails/health_controller.rb has no text at all.
  { is: /<body style="background(-color)?: ?(green|red);?"/i, ill: /background(-color)?: ?red/i },
  // Laravel: resources/health-up.blade.php
  { is: /Application (up|experiencing problems)/, ill: /Application experiencing problems/ },
  // django-health-check
  { is: /<title>\s*System status\b/i, ill: /symbol[^<>]{0,60}>\s*(&#10060;|❌)|>\s*unavailable\b|errors?:/i },
];

/** By title first, then by text. In this order. */
const BY_TITLE: readonly (readonly [PageKind, RegExp])[] = [
  [
    "maintenance",
    /maintenance|wartung|mantenimiento|manutenção|down for|be right back|be back soon|coming soon/i,
  ],
  [
    "login",
    /\b(sign[ -]?in|log[ -]?in|login|anmelden|single sign-on|sso|authenticate|authentication required)\b/i,
  ],
  [
    "default",
    /^welcome to (nginx|openresty|centos|caddy|tengine|angie)|apache2? .{0,40}default page|test page for|^iis windows|^it works|^apache tomcat\/|default web site page|domain (is )?(parked|for sale)|caddy works/i,
  ],
  ["directory", /^(index of|directory listing|directory:) ?/i],
  [
    "error",
    /\b(error|bad gateway|gateway time-?out|unavailable|not found|forbidden|exception|denied|server fault)\b|^[45]\d\d\b/i,
  ],
];
const BY_TEXT: readonly (readonly [PageKind, RegExp])[] = [
  [
    "login",
    /<input[^<>]{0,300}type=["']?password|<meta[^<>]{0,60}refresh[^<>]{0,60}\/(login|sign[-_]?in)\b/i,
  ],
  ["default", /<h1>\s*(it works!|welcome to nginx)/i],
  [
    "maintenance",
    /\b(down|closed|unavailable) for (scheduled |planned )?maintenance|undergoing (scheduled |planned )?maintenance|in maintenance mode/i,
  ],
];
const MOST_VISIBLE = 200;

/** Undefined: the body is no page. Some services say OK as text/html: that is none. */
export function readPage(contentType: string, body: string): PageRead | undefined {
  if (!/^text\/html\b|^application\/xhtml/i.test(contentType) && !/^\s*<(!doctype html|html)/i.test(body))
    return undefined;
  if (!/<(!doctype|html|head|body|title|h1)\b/i.test(body)) return undefined;
  const title = titleOf(body);
  const known = HEALTH_PAGES.find(({ is }) => is.test(body));
  if (known !== undefined) return { kind: "health", title, isWell: !known.ill.test(body) };
  const visible = visibleText(body);
  const verdict = visible.length <= 60 ? verdictOf(visible) : "unknown";
  if (verdict !== "unknown") return { kind: "health", title, isWell: verdict === "healthy" };
  const kind =
    BY_TITLE.find(([, pattern]) => pattern.test(title))?.[0] ??
    BY_TEXT.find(([, pattern]) => pattern.test(body))?.[0] ??
    "app";
  return { kind, title, isWell: false };
}

function titleOf(body: string): string {
  const title =
    /<title[^<>]*>([^<]{0,200})/i.exec(body)?.[1] ?? /<h1[^<>]*>([^<]{0,200})/i.exec(body)?.[1] ?? "";
  return clip(title.replace(/\s+/g, " ").trim(), 80);
}

/** What a person would read of it, its beginning: no head, no tags. */
export function visibleText(body: string): string {
  const lower = body.toLowerCase();
  const start = lower.indexOf("<body");
  let text = "";
  let at = start === -1 ? Math.max(0, lower.indexOf("</head>")) : start;
  while (at < body.length && text.length < MOST_VISIBLE) {
    const open = body.indexOf("<", at);
    if (open === -1) return tidy(text + body.slice(at, at + MOST_VISIBLE));
    text += `${body.slice(at, Math.min(open, at + MOST_VISIBLE))} `;
    const skipped = ["script", "style", "title"].find((tag) => lower.startsWith(`<${tag}`, open));
    const close = skipped === undefined ? body.indexOf(">", open) : lower.indexOf(`</${skipped}`, open + 1);
    if (close === -1) break;
    at = close + 1;
  }
  return tidy(text);
}

const tidy = (text: string): string => text.replace(/\s+/g, " ").trim();
