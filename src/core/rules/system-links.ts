import { filledLink, type SystemLink } from "../words/link.ts";
import { type PageLink, webAddress } from "./alert-links.ts";

const MINUTE = 60_000;
/** What led to it is seen as well. */
const BEFORE_MS = 30 * MINUTE;
const AFTER_MS = 10 * MINUTE;
/** Of what goes on: an end that does not move, or its message would be edited all the time. */
const OPEN_MS = 60 * MINUTE;

/** What a link is about. `until`: absent while it goes on. */
export interface LinkedTo {
  readonly system: string;
  readonly since: Date;
  readonly until?: Date | undefined;
  /** Labels that all its alerts have. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The system's own pages for that time: from half an hour before it began until ten minutes after its end, or its first hour. */
export function systemLinks(
  links: readonly SystemLink[],
  { system, since, until, labels = {} }: LinkedTo,
): PageLink[] {
  const from = since.getTime() - BEFORE_MS;
  const to = until === undefined ? since.getTime() + OPEN_MS : until.getTime() + AFTER_MS;
  const values = {
    system,
    from: String(from),
    to: String(to),
    fromSeconds: String(Math.floor(from / 1_000)),
    toSeconds: String(Math.floor(to / 1_000)),
    fromIso: new Date(from).toISOString(),
    toIso: new Date(to).toISOString(),
  };
  return links.flatMap((link) => {
    const url = webAddress(filledLink(link, values, labels));
    return url === undefined ? [] : [{ label: link.label, url }];
  });
}
