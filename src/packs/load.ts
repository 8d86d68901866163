import { clip } from "../core/words/format.ts";
import type { ConnectionKind } from "../core/words/kind.ts";
import type { Runbook } from "../core/words/runbook.ts";
import { clean } from "../lib/clean.ts";
import { sha256 } from "../lib/sha256.ts";
import { lackOfApi, versionOf } from "./api.ts";
import { findPack, type Place } from "./find.ts";
import { importModule, prepare } from "./import.ts";
import { driftOf, type Lock, readLock, type Sums, sumsOf } from "./lock.ts";
import { broughtBy } from "./shape.ts";

/** A pack of diagbot.yaml, and what came of it. */
export interface Pack {
  /** As it stands in diagbot.yaml. */
  readonly name: string;
  /** Of all its files; undefined where it was not found. */
  readonly sha256: string | undefined;
  /** `diagbot.lock` names it, with these files. */
  readonly isLocked: boolean;
  readonly runbooks: readonly { readonly runbook: Runbook; readonly label: string }[];
  readonly kinds: readonly { readonly kind: ConnectionKind; readonly label: string }[];
  /** What of it was left out and why, a line each that begins with its name or that of a file. */
  readonly leftOut: readonly string[];
}

/**
 * Loads packs: code that is trusted as diagbot itself is. Never rejects: what cannot be loaded is left out and says why.
 * `folder`: where diagbot.yaml lies. Where there is a `diagbot.lock`, only what is as it says is loaded.
 */
export async function loadPacks(names: readonly string[], folder: string): Promise<Pack[]> {
  if (names.length === 0) return [];
  const lock = tried(() => readLock(folder));
  const looked = names.map((name) => ({ name, looked: tried(() => lookAt(name, folder)) }));
  prepare(looked.flatMap((one) => ("value" in one.looked ? (one.looked.value.place.folder ?? []) : [])));
  return Promise.all(looked.map(({ name, looked: one }) => loadPack(name, one, lock)));
}

async function loadPack(
  name: string,
  looked: Tried<ReturnType<typeof lookAt>>,
  lock: Tried<Lock | undefined>,
): Promise<Pack> {
  if ("error" in looked) return leftOutWhole(name, undefined, looked.error);
  const { place, sums } = looked.value;
  if ("error" in lock) return leftOutWhole(name, sums, lock.error);
  const drift = lock.value === undefined ? undefined : driftOf(lock.value.packs[name], sums);
  const why = lackOfApi(place) ?? (drift === undefined ? undefined : `${drift} (${AFTER_A_LOOK})`);
  if (why !== undefined) return leftOutWhole(name, sums, why);
  const modules = await Promise.all(place.modules.map((module) => bringsOf(module, place)));
  const version = versionOf(place, name);
  const runbooks = onceEach(
    modules.flatMap((module) => module.runbooks),
    ({ runbook }) => runbook,
  ).map(({ runbook, label }) => ({
    label,
    // Helpers beside a runbook are part of what it says, and only the files show them.
    runbook: { ...runbook, version, digest: sha256(`${runbook.digest} ${sums.sha256}`) },
  }));
  const kinds = onceEach(
    modules.flatMap((module) => module.kinds),
    ({ kind }) => kind,
  );
  const leftOut = modules.flatMap((module) => module.leftOut);
  if (runbooks.length + kinds.length + leftOut.length === 0)
    leftOut.push(`${name}: it exports neither a runbook nor a kind of connection`);
  return { name, sha256: sums.sha256, isLocked: lock.value !== undefined, runbooks, kinds, leftOut };
}

/** A file may export what another file of the pack exports, too. */
const onceEach = <T>(all: readonly T[], itself: (one: T) => unknown): T[] =>
  [...new Map(all.toReversed().map((one) => [itself(one), one])).values()].reverse();

const LONGEST_REASON = 500;
const AFTER_A_LOOK = "when you have looked at what changed: `diagbot packs lock`";

/** Where a pack lies and what its files are. Throws an Error. */
export function lookAt(name: string, folder: string): { place: Place; sums: Sums } {
  const place = findPack(name, folder);
  return { place, sums: sumsOf(place.root) };
}

const leftOutWhole = (name: string, sums: Sums | undefined, why: string): Pack => ({
  name,
  sha256: sums?.sha256,
  isLocked: false,
  runbooks: [],
  kinds: [],
  leftOut: [`${name}: ${why}`],
});

async function bringsOf({ label, specifier }: Place["modules"][number], place: Place) {
  try {
    const { runbooks, kinds, wrong } = broughtBy(await importModule(specifier));
    return {
      runbooks: runbooks.map((runbook) => ({ runbook, label })),
      kinds: kinds.map((kind) => ({ kind, label })),
      leftOut: wrong.map((why) => `${label}: ${why}`),
    };
  } catch (error) {
    return { runbooks: [], kinds: [], leftOut: [`${label}: ${whyOf(error, place.root)}`] };
  }
}

const oneLine = (text: string): string => clean(text).replace(/\s+/g, " ").trim();

/** What was thrown, and at which line of the pack. */
function whyOf(thrown: unknown, root: string): string {
  if (!(thrown instanceof Error)) return clip(oneLine(`it threw ${String(thrown)}`), LONGEST_REASON);
  const said = clip(oneLine(thrown.message), LONGEST_REASON) || thrown.name;
  const [place] = (thrown.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && line.includes(root));
  if (/does not provide an export named/.test(said)) return `${said} (if it is a type: import type)`;
  const at = place?.replaceAll(")", "").split("/").at(-1);
  return at === undefined ? said : `${said} (at ${at})`;
}

type Tried<T> = { readonly value: T } | { readonly error: string };

function tried<T>(work: () => T): Tried<T> {
  try {
    return { value: work() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
