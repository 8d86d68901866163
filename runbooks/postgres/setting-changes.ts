import { clip, count, type Finding, type postgres, rows, sayDuration } from "../../src/sdk/index.ts";

type Settings = postgres.Settings;
type Name = "askWhoChanged" | "makeSafe";

interface Risk {
  readonly name: string;
  readonly bad: RegExp;
  /** What may happen. */
  readonly harm: string;
  /** True: also where it was so before; a deliberate choice of many is said only when it is made. */
  readonly isAlways?: true;
}

/** Settings that give up data or safety (Postgres manual, "Non-Durable Settings", "Developer Options", "Connections"). */
const RISKS: readonly Risk[] = [
  {
    name: "fsync",
    bad: /^off$/,
    harm: "a crash of the machine may leave the data beyond repair",
    isAlways: true,
  },
  {
    name: "zero_damaged_pages",
    bad: /^on$/,
    harm: "damaged pages are emptied instead of reported",
    isAlways: true,
  },
  {
    name: "ignore_checksum_failure",
    bad: /^on$/,
    harm: "damaged pages are read as if they were whole",
    isAlways: true,
  },
  {
    name: "full_page_writes",
    bad: /^off$/,
    harm: "a page half written at a crash stays so (a file system that never writes in place, such as ZFS, has none)",
  },
  { name: "synchronous_commit", bad: /^off$/, harm: "a crash loses what was committed in the last moments" },
  { name: "autovacuum", bad: /^off$/, harm: "dead rows stay, and statistics grow old" },
  { name: "track_counts", bad: /^off$/, harm: "autovacuum sees nothing to do" },
  { name: "archive_mode", bad: /^off$/, harm: "there is no recovery to a moment any more" },
  { name: "wal_level", bad: /^minimal$/, harm: "neither standbys nor an archive can follow" },
  { name: "ssl", bad: /^off$/, harm: "passwords and data go unencrypted" },
  {
    name: "password_encryption",
    bad: /^md5$/,
    harm: "new passwords are kept in a form that is easily tried out",
  },
  { name: "data_sync_retry", bad: /^on$/, harm: "a failed write to disk may be forgotten" },
];

export interface Change {
  readonly name: string;
  /** Null: kept back. */
  readonly from: string | null;
  readonly to: string | null;
  readonly source: string;
}

const AS_IT_COMES = "as it comes";

/** What differs between two looks at one server. Pure. */
export function changesBetween(now: Settings, before: Settings): Change[] {
  const was = new Map(before.settings.map((one) => [one.name, one]));
  const is = new Map(now.settings.map((one) => [one.name, one]));
  return [...new Set([...was.keys(), ...is.keys()])].sort().flatMap((name) => {
    const [old, fresh] = [was.get(name), is.get(name)];
    if (old?.digest === fresh?.digest) return [];
    return [
      {
        name,
        from: old === undefined ? AS_IT_COMES : old.value,
        to: fresh === undefined ? AS_IT_COMES : fresh.value,
        source: fresh?.source ?? "default",
      },
    ];
  });
}

/** A role that sees less than before sees settings vanish: then only what both saw is compared. */
function comparable(now: Settings, before: Settings): [Settings, Settings] {
  const isPartial = (one: Settings) => (one.notSeen ?? []).length > 0;
  if (isPartial(now) === isPartial(before)) return [now, before];
  const names = new Set(now.settings.map(({ name }) => name));
  const both = new Set(before.settings.flatMap(({ name }) => (names.has(name) ? [name] : [])));
  const only = (one: Settings) => ({ ...one, settings: one.settings.filter(({ name }) => both.has(name)) });
  return [only(now), only(before)];
}

interface Judged {
  readonly changes: readonly Change[];
  /** Those in force now that give up something: always, or where it was otherwise before. */
  readonly unsafe: readonly Risk[];
}

function judge(now: Settings, before: Settings | undefined): Judged {
  const changes =
    before === undefined || before.at >= now.at ? [] : changesBetween(...comparable(now, before));
  const unsafe = RISKS.filter(
    ({ name, bad, isAlways }) =>
      (isAlways === true || changes.some((one) => one.name === name)) &&
      now.settings.some((one) => one.name === name && bad.test(one.value ?? "")),
  );
  return { changes, unsafe };
}

export function settingFindings(now: Settings, before: Settings | undefined): Finding<Name>[] {
  const { changes, unsafe } = judge(now, before);
  const isNew = (name: string) => changes.some((one) => one.name === name);
  const others = changes.filter(({ name }) => !unsafe.some((one) => one.name === name));
  return [
    ...(unsafe.length === 0 ? [] : [unsafeFinding(now, before, unsafe, isNew)]),
    ...(others.length === 0 || before === undefined ? [] : [changedFinding(now, before, others)]),
  ];
}

/** It was up before the last look, and not since the same moment as the one that answered then. */
const isAnother = (now: Settings, before: Settings): boolean =>
  now.startedAt <= before.at && Math.abs(now.startedAt - before.startedAt) > 1;

const ANOTHER =
  "Another server answered this time: it has been up since before the last look, and is not the one that was looked at then (a switchover behind the same address, or a balancer in front of several). So nobody need have changed anything. ";

const sayAgo = (now: Settings, { at }: Settings) => sayDuration(Math.round(now.at - at) * 1000);

function unsafeFinding(
  now: Settings,
  before: Settings | undefined,
  unsafe: readonly Risk[],
  isNew: (name: string) => boolean,
): Finding<Name> {
  const value = (name: string) => now.settings.find((one) => one.name === name)?.value ?? "";
  const said = unsafe.map(({ name }) => `${name} is ${value(name)}`);
  const fresh = unsafe.filter(({ name }) => isNew(name)).map(({ name }) => name);
  const since =
    fresh.length === 0 || before === undefined
      ? "It was so at the last look, too, or there was none."
      : `${fresh.join(", ")} ${fresh.length === 1 ? "was" : "were"} otherwise at the last look, ${sayAgo(now, before)} ago.`;
  return {
    id: "unsafe-settings",
    severity: "warning",
    title: `${said.join(", ")}: ${unsafe[0]?.harm}`,
    because: `${unsafe
      .slice(1)
      .map(({ name, harm }) => `With ${name} ${value(name)} ${harm}. `)
      .join(
        "",
      )}${since} For a database that can be made anew at any time (tests, a bulk load) that may be meant.`,
    remedies: ["makeSafe"],
  };
}

const changedFinding = (now: Settings, before: Settings, changes: readonly Change[]): Finding<Name> => ({
  id: "settings-changed",
  severity: "info",
  title: `${count(changes.length, "setting")} ${isAnother(now, before) ? "otherwise than on the server of" : "changed since"} the last look, ${sayAgo(now, before)} ago: ${changes
    .slice(0, 3)
    .map(sayChange)
    .join(", ")}`,
  because: `${isAnother(now, before) ? ANOTHER : now.startedAt > before.at ? "The server was started since then, so they may have been in its configuration for longer. " : "The server was not restarted meanwhile: it read its configuration again. "}${now.version === before.version ? "" : `It is another version, too: ${before.version} then, ${now.version} now, whose own values may differ. `}Where something began at that time, look here first.`,
  evidence: [
    rows("", changes.slice(0, 30), {
      setting: (one) => one.name,
      before: (one) => clip(one.from ?? "not shown", 80),
      now: (one) => clip(one.to ?? "not shown", 80),
      from: (one) => one.source,
    }),
  ],
  remedies: ["askWhoChanged"],
});

const sayChange = ({ name, from, to }: Change): string =>
  from === null || to === null ? name : `${name} ${clip(from, 40)} → ${clip(to, 40)}`;

/** The way back of what can be set back. */
export const adviseSafe = (now: Settings | undefined, before: Settings | undefined): string => {
  const bad = now === undefined ? [] : judge(now, before).unsafe;
  return `Ask who set it and why. Then ${bad.map(({ name }) => `ALTER SYSTEM RESET ${name}`).join("; ") || "ALTER SYSTEM RESET <name>"}; SELECT pg_reload_conf(); where it is given in a file, on the command line or by the orchestrator, take it away there (SELECT name, sourcefile, sourceline FROM pg_settings). archive_mode and wal_level want a restart. After fsync was off: CHECKPOINT alone is not enough, the system must write everything out (initdb --sync-only on the stopped server, or sync).`;
};
