import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { notSeen } from "../../../core/words/not-seen.ts";
import { partsOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import { LINKS_LOOK } from "./links-script.ts";
import { Link, linksOf, Route, routesOf, Way, waysOf } from "./parse.ts";

export type { Link, Route, Way } from "./parse.ts";

const { read } = actionsOn<HostClient>("host");

const Output = z.object({
  links: z.array(Link).max(200),
  routes: z.array(Route).max(400),
  ways: z.array(Way).max(80),
  notSeen,
});
export type Links = z.output<typeof Output>;

const To = z.object({
  host: z
    .string()
    .max(253)
    .regex(/^[\w.:%-]+$/, "a name or an address")
    .refine((name) => !name.startsWith("-"), "a name or an address"),
  port: z.int().min(1).max(65_535),
});

/**
 * Interfaces and routes of the machine, and how it reaches others by them: which way packets leave, whether connections come about
 * (each of at most 4 addresses `tries` times, 2 s each), who on the link does not answer. iproute2 and bash. tektra.network-connectivity.
 */
export const links = read({
  name: "host.links",
  title: "Interfaces, routes and ways to others",
  input: z.object({ to: z.array(To).max(20).default([]), tries: z.int().min(1).max(10).default(3) }),
  output: Output,
  timeoutSeconds: 30,
  run: async (client, { to, tries }, context) => {
    const pairs = to.flatMap(({ host, port }) => [host, String(port)]);
    const said = await script(client, LINKS_LOOK, [String(tries), ...pairs], context);
    return judgeLinks(said, to.length > 0);
  },
});

/** Pure. Exported for its test. */
export function judgeLinks(said: string, isAsked: boolean): Links {
  if (said.trim() === "none")
    return {
      ...{ links: [], routes: [], ways: [] },
      notSeen: [
        {
          what: "interfaces and routes",
          why: "there is no `ip` that speaks JSON (busybox has none)",
          fix: "install iproute2",
        },
      ],
    };
  const [addresses = "", v4 = "", v6 = "", before = "", after = "", ways = "", neighbours = ""] =
    partsOf(said);
  return {
    links: linksOf(addresses, before, after),
    routes: [...routesOf(v4, 4), ...routesOf(v6, 6)],
    ways: waysOf(ways, neighbours),
    ...(isAsked && /^nobash$/m.test(ways)
      ? {
          notSeen: [
            {
              what: "whether connections come about from there",
              why: "there is no bash, which opens them",
              fix: "install bash, or run tcp-dependency, which connects from diagbot's machine",
            },
          ],
        }
      : {}),
  };
}
