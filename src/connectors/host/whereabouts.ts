import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { linesOf, script, within } from "../machine/script.ts";
import type { HostClient } from "./client.ts";

const { read } = actionsOn<HostClient>("host");

const PLACES = within(
  5,
  `export LC_ALL=C; i=0
for p in "$@"; do i=$((i + 1)); w=$(timeout -s KILL 3 ls -d "$p" 2>&1 >/dev/null) && s=here || case $w in *ermission*) s=denied ;; *"No such file"*|*"Not a directory"*) s=absent ;; *) s=unknown ;; esac
  r=$(timeout -s KILL 3 readlink -f "$p" 2>/dev/null); echo "$i $s $r"; done`,
);

const Whereabouts = z.object({
  places: z.array(
    z.object({
      path: z.string(),
      /** `denied`: a folder above it may not be entered. */
      is: z.enum(["here", "absent", "denied", "unknown"]),
      /** Where it leads, links followed as far as they may be; null: not known. */
      real: z.string().nullable(),
    }),
  ),
});
export type Whereabouts = z.output<typeof Whereabouts>;

/** Whether paths that somebody else names (a database server, its data folder) are on this machine, and where they lead. */
export const whereabouts = read({
  name: "host.whereabouts",
  title: "Whether paths are on this machine",
  input: z.object({ paths: z.array(z.string().startsWith("/").max(1_000)).min(1).max(10) }),
  output: Whereabouts,
  run: async (client, { paths }, context) => {
    const said = linesOf(await script(client, PLACES, paths, context));
    return {
      places: paths.map((path, index) => {
        const line = said.find((one) => one.startsWith(`${index + 1} `)) ?? "";
        const [, is = "unknown", real = ""] = /^\d+ (here|absent|denied|unknown) ?(.*)$/.exec(line) ?? [];
        return { path, is: Is.parse(is), real: real.startsWith("/") ? real : null };
      }),
    };
  },
});

const Is = Whereabouts.shape.places.element.shape.is;
