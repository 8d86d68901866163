import { OWNER } from "./next-steps.ts";
import type { Sign } from "./sign.ts";
import { WEB_FILTERS } from "./signs-web-filters.ts";

/** Firewalls and bot checks: what they refuse never reached the service. */
export const FIREWALLS: readonly Sign[] = [
  ...WEB_FILTERS,
  {
    by: "AWS WAF",
    header: ["x-amzn-waf-action", /./],
    cause: "blocked",
    reason: "it wants a challenge or CAPTCHA solved, which no program can",
    next: OWNER,
  },
  {
    by: "Vercel",
    header: ["x-vercel-mitigated", /./],
    cause: "blocked",
    reason: "its firewall refuses this client or wants a browser challenge solved, which no program can",
    next: OWNER,
  },
  {
    by: "Imperva",
    body: /Incapsula incident ID|_Incapsula_Resource/i,
    cause: "blocked",
    reason: "it takes this client for a bot",
    next: OWNER,
  },
  {
    by: "DataDome",
    header: ["x-datadome", /./],
    status: [403, 429],
    cause: "blocked",
    reason: "it takes this client for a bot",
    next: OWNER,
  },
  {
    by: "HUMAN (PerimeterX)",
    body: /px-captcha|perimeterx/i,
    cause: "blocked",
    reason: "it takes this client for a bot",
    next: OWNER,
  },
  {
    by: "Sucuri",
    body: /Sucuri Website Firewall/i,
    status: [403],
    cause: "blocked",
    reason: "a firewall rule refuses this client",
    next: OWNER,
  },
  {
    by: "F5 firewall",
    body: /The requested URL was rejected\. Please consult with your administrator/i,
    cause: "blocked",
    reason: "a firewall rule refuses this request",
    next: OWNER,
  },
  {
    by: "ModSecurity",
    status: [403, 406],
    body: /Mod_?Security|Not Acceptable!/i,
    cause: "blocked",
    reason: "a firewall rule refuses this request",
    next: OWNER,
  },
  {
    by: "Anubis",
    body: /Making sure you(&#39;|')re not a bot/i,
    cause: "blocked",
    reason: "it wants a browser challenge solved, which no program can",
    next: OWNER,
  },
  {
    by: "a bot check",
    status: [403, 429, 503],
    body: /(g-recaptcha|h-captcha|hcaptcha\.com|challenges\.cloudflare\.com|enable javascript and cookies to continue|checking your browser before)/i,
    cause: "blocked",
    reason: "it wants a browser challenge solved, which no program can",
    next: OWNER,
  },
];
