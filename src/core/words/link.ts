import { z } from "zod";

/** What `{…}` of a link may name; times are milliseconds since 1970, seconds since 1970, and ISO 8601. */
const NAMES = ["system", "from", "to", "fromSeconds", "toSeconds", "fromIso", "toIso"] as const;
type Name = (typeof NAMES)[number];

export type LinkValues = Readonly<Record<Name, string>>;

const PLACE = /\{(?:labels\.([A-Za-z_]\w{0,99})|([^{}]*))\}/g;

const isName = (word: string): word is Name => NAMES.some((name) => name === word);

/**
 * A page to look further on, in diagbot.yaml: a dashboard, a search of logs. `url` is http(s), its host as it is written;
 * `{from}`, `{system}`, `{labels.instance}` behind it are filled in and percent-encoded.
 */
export const SystemLink = z.strictObject({
  label: z.string().trim().min(1).max(40),
  url: z
    .string()
    .max(1_000)
    .regex(/^https?:\/\/[^/?#{}\s@]+(?:[/?#]|$)/, "must be an http or https address, with no {…} in its host")
    .superRefine((url, context) => {
      for (const [place, label, name] of url.matchAll(PLACE))
        if (label === undefined && !isName(name ?? ""))
          context.addIssue({
            code: "custom",
            message: `${place} is not known; there are ${NAMES.map((one) => `{${one}}`).join(", ")} and {labels.<name>}`,
          });
    }),
});
export type SystemLink = z.infer<typeof SystemLink>;

/** The address with everything filled in; undefined: it names a label that is not there. */
export function filledLink(
  { url }: Pick<SystemLink, "url">,
  values: LinkValues,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  let isWhole = true;
  const filled = url.replace(PLACE, (_place, label: string | undefined, name: string) => {
    const value = label === undefined ? (isName(name) ? values[name] : undefined) : labels[label];
    if (value === undefined) isWhole = false;
    return encodeURIComponent(value ?? "");
  });
  return isWhole ? filled : undefined;
}
