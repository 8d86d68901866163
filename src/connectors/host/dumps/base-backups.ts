import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { parseDuration } from "../../../core/words/duration.ts";
import { type NotSeen, notSeen } from "../../../core/words/not-seen.ts";
import { linesOf, script } from "../../machine/script.ts";
import type { HostClient } from "../client.ts";
import { BASE_LIST } from "./base-script.ts";

const { read } = actionsOn<HostClient>("host");

const MOST_BACKUPS = 20;
const SEGMENT_BYTES = 16 * 1024 ** 2;
const Is = z.enum(["there", "absent", "denied"]);

const Backup = z.object({
  name: z.string(),
  /** Since its manifest was written, which is when it was done; without one since its label was. */
  seconds: z.number(),
  bytes: z.number(),
  /** `none`: it has no manifest: it broke off, or was made without one. `damaged`: files of its manifest are missing or of another size. */
  end: z.enum(["whole", "damaged", "none", "writing"]),
  /** The segment a recovery from it begins with; null: its label cannot be read. */
  segment: z.string().nullable(),
  /** It holds that segment itself. */
  own: z.boolean(),
});
export type BaseBackup = z.infer<typeof Backup>;

/** Segments of one timeline without a gap. */
const Run = z.object({ first: z.string(), last: z.string(), segments: z.int(), seconds: z.number() });

const OneSet = z.object({
  name: z.string(),
  folder: z.string(),
  withinSeconds: z.number(),
  is: Is,
  /** Newest first, at most 20. */
  backups: z.array(Backup),
  archive: z
    .object({ folder: z.string(), is: Is, segmentBytes: z.number(), runs: z.array(Run).max(40) })
    .nullable(),
});
export type BaseSet = z.infer<typeof OneSet>;

/** Base backups that diagbot.yaml names, and whether the archive beside them goes on from each without a gap. tektra.pitr. */
export const baseBackups = read({
  name: "host.base-backups",
  title: "Base backups of Postgres, and the write-ahead log since then",
  timeoutSeconds: 40,
  input: z.object({}),
  output: z.object({ sets: z.array(OneSet), notSeen }),
  run: async (client, _input, context) => {
    const sets: BaseSet[] = [];
    for (const { name, folder, within, archive } of client.baseBackups) {
      const args = [folder, archive ?? "", String(MOST_BACKUPS)];
      const said = linesOf(await script(client, BASE_LIST, args, context));
      const withinSeconds = (parseDuration(within) ?? 0) / 1000;
      sets.push({ name, folder, withinSeconds, ...readSet(said, archive) });
    }
    const unseen = sets.flatMap(unseenOf);
    return { sets, ...(unseen.length === 0 ? {} : { notSeen: unseen }) };
  },
});

/** Pure. Exported for its test. */
export function readSet(
  [is, now, ...lines]: readonly string[],
  archive: string | undefined,
): Pick<BaseSet, "is" | "backups" | "archive"> {
  const age = (at: string | undefined) => Number(now) - Number(at);
  const backups = lines.flatMap((line) => {
    const [, at, bytes, end, segment, own, name] =
      /^B (\d+) (\d+) (\w+) (-|[0-9A-F]{24}) (yes|no) (.{1,255})$/.exec(line) ?? [];
    const one = { name, end, seconds: age(at), bytes: Number(bytes), own: own === "yes" };
    return Backup.safeParse({ ...one, segment: segment === "-" ? null : segment }).data ?? [];
  });
  const runs = lines.flatMap((line) => {
    const [, first, last, n, at] = /^R ([0-9A-F]{24}) ([0-9A-F]{24}) (\d+) (\d+)$/.exec(line) ?? [];
    return Run.safeParse({ first, last, segments: Number(n), seconds: age(at) }).data ?? [];
  });
  const [, state, bytes] = lines.map((line) => /^A (\w+) (\d+)$/.exec(line)).find((one) => one) ?? [];
  const of = {
    is: Is.safeParse(state).data ?? "absent",
    segmentBytes: Number(bytes) > 0 ? Number(bytes) : SEGMENT_BYTES,
  };
  return {
    is: Is.safeParse(is).data ?? "absent",
    backups,
    archive: archive === undefined ? null : { folder: archive, ...of, runs },
  };
}

type Archive = NonNullable<BaseSet["archive"]>;
const timeline = (name: string): number => Number.parseInt(name.slice(0, 8), 16);
const position = (name: string, segmentBytes: number): number =>
  Number.parseInt(name.slice(8, 16), 16) * (4_294_967_296 / segmentBytes) +
  Number.parseInt(name.slice(16), 16);

/** How far an archive goes on from a segment without a gap. `gap`: it goes on after one. Of later timelines those that begin there. */
export function covered(
  { runs, segmentBytes }: Archive,
  from: string,
): { readonly first: boolean; readonly last?: (typeof runs)[number]; readonly gap: boolean } {
  const at = (name: string) => position(name, segmentBytes);
  const later = runs.filter(({ first, last }) => timeline(first) >= timeline(from) && at(last) >= at(from));
  let reached = at(from) - 1;
  let last: (typeof runs)[number] | undefined;
  for (let went = true; went; ) {
    const next = later.find((run) => at(run.first) <= reached + 1 && at(run.last) > reached);
    went = next !== undefined;
    if (next !== undefined) [last, reached] = [next, at(next.last)];
  }
  return {
    first: last !== undefined,
    gap: later.some((run) => at(run.first) > reached + 1),
    ...(last === undefined ? {} : { last }),
  };
}

function unseenOf({ name, folder, is, backups: [newest], archive }: BaseSet): NotSeen[] {
  const denied = (what: string, path: string) => ({
    what: `${what} of ${name} in ${path}`,
    why: "the user diagbot logs in as may not list the folder",
    fix: `give it read rights on ${path} (a group, or setfacl)`,
  });
  return [
    ...(is === "denied" ? [denied("base backups", folder)] : []),
    ...(archive?.is === "denied" ? [denied("the archive", archive.folder)] : []),
    ...(is === "there" && newest !== undefined && newest.segment === null && newest.end === "whole"
      ? [
          {
            what: `what ${newest.name} (${name}) begins with`,
            why: "its backup_label cannot be read: of another owner, or packed in another way",
            fix: `give read rights on ${folder}, which pg_basebackup makes for its own user only`,
          },
        ]
      : []),
  ];
}
