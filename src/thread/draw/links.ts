import type { KnownBlock } from "@slack/types";
import { alertLinks, type PageLink } from "../../core/rules/alert-links.ts";
import { systemLinks } from "../../core/rules/system-links.ts";
import type { IncidentView, RunView } from "../../core/words/view.ts";
import { plain, rich, webLink } from "../../slack/blocks.ts";
import { commonLabels } from "./labels.ts";
import type { DrawOptions } from "./options.ts";

/** Pages for whoever looks further, each with its host. */
export const drawLinks = (links: readonly PageLink[]): KnownBlock[] =>
  links.length === 0
    ? []
    : [
        rich(
          plain("🔗 "),
          ...links.flatMap(({ label, url }, i) => [
            ...(i > 0 ? [plain("  ·  ")] : []),
            webLink(url, `${label} (${new URL(url).host})`),
          ]),
        ),
      ];

/** Pages that the alerts name, then those of the system. */
export function linksOfIncident(
  { alerts, system, openedAt, resolvedAt }: IncidentView,
  { links }: DrawOptions,
): PageLink[] {
  const own =
    system === undefined
      ? []
      : systemLinks(links?.(system) ?? [], {
          ...{ system, since: openedAt, until: resolvedAt },
          labels: commonLabels(alerts),
        });
  return [...alertLinks(alerts), ...own];
}

/** Pages of the system of a run that somebody asked for, around the time it looked at. */
export const linksOfRun = (run: RunView, { links }: DrawOptions): PageLink[] =>
  systemLinks(links?.(run.system) ?? [], { system: run.system, since: run.createdAt, until: run.createdAt });
