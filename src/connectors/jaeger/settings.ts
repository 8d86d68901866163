import { z } from "zod";
import { headers, url } from "../settings.ts";

/** A `kind: jaeger` connection: Jaeger's query service (v1, v2), or Tempo where `api: tempo` says so. */
export const TraceSettings = z.strictObject({
  url,
  headers,
  api: z.enum(["jaeger", "tempo"]).default("jaeger"),
  /** The service whose traces are looked at where nobody names one. */
  service: z.string().min(1).max(200).optional(),
  /** The page of one trace for people, with `{trace}` for its id. Left out: Jaeger's own below `url:`; of Tempo there is none. */
  page: z
    .string()
    .max(2_000)
    .regex(/^https?:\/\/[^\s{}]+\{trace\}[^\s{}]*$/, "a URL that holds {trace}")
    .optional(),
});

/** Where people see one trace, with `{trace}` for its id and without credentials; undefined: nowhere that is known. */
export function pageOf({ url: at, api, page }: TraceSettings): string | undefined {
  if (page !== undefined) return page;
  if (api !== "jaeger" || !URL.canParse(at)) return undefined;
  const { origin, pathname } = new URL(at);
  return `${origin}${pathname.replace(/\/$/, "")}/trace/{trace}`;
}
export type TraceSettings = z.output<typeof TraceSettings>;
