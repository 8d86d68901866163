import type { AlertView } from "../words/view.ts";

/** A web page to look further on: one that an alert names, or one of its system. `label` is ours or of diagbot.yaml, `url` is http or https. */
export interface PageLink {
  readonly label: string;
  readonly url: string;
}

const LONGEST_URL = 2_000;
const MOST_LINKS = 6;

/** Annotations that hold a link by convention (Prometheus mixins, Grafana), in the order to be shown. */
const ANNOTATIONS: readonly (readonly [string, string])[] = [
  ["runbook_url", "Runbook"],
  ["runbook", "Runbook"],
  ["dashboard_url", "Dashboard"],
  ["dashboard", "Dashboard"],
  ["panel_url", "Panel"],
  ["silence_url", "Silence"],
];

/** Links of alerts, each address once, runbooks first; what is no http(s) address is left out. */
export function alertLinks(alerts: readonly AlertView[]): PageLink[] {
  const links = [
    ...ANNOTATIONS.flatMap(([name, label]) =>
      alerts.map(({ annotations }) => ({ label, url: webAddress(annotations[name]) })),
    ),
    ...alerts.map(({ generatorURL }) => ({ label: "Graph", url: webAddress(generatorURL) })),
  ];
  const seen = new Set<string>();
  return links
    .flatMap(({ label, url }) => {
      if (url === undefined || seen.has(url)) return [];
      seen.add(url);
      return [{ label, url }];
    })
    .slice(0, MOST_LINKS);
}

/** The address as a browser reads it, without a name and a password. */
export function webAddress(text: string | undefined): string | undefined {
  const words = text?.trim() ?? "";
  if (words.length > LONGEST_URL || !URL.canParse(words)) return undefined;
  const url = new URL(words);
  if (!["http:", "https:"].includes(url.protocol)) return undefined;
  url.username = "";
  url.password = "";
  return url.href.length > LONGEST_URL ? undefined : url.href;
}
