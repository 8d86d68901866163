import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";
import { ENVIRONMENT } from "./environment-script.ts";

const { read } = actionsOn<HostClient>("host");

/** What is odd about a value, by its shape alone. */
const FLAGS = [
  ...(["export", "spaces", "multiline", "quotes", "comment", "trailing", "blanks", "odd-quotes"] as const),
  ...(["empty", "placeholder", "localhost", "dollar"] as const),
] as const;
const Flag = z.enum(FLAGS);

const Entry = z.object({ name: z.string(), line: z.int(), flags: z.array(Flag) });
const Has = z.object({
  name: z.string(),
  flags: z.array(Flag),
  /** Against the file: the same; the same with its quotes or comment; another; null: not in the file, or not to be compared. */
  is: z.enum(["same", "literal", "differs"]).nullable(),
});

const Environment = z.object({
  name: z.string(),
  unit: z.string(),
  container: z.string(),
  required: z.array(z.string()),
  file: z.object({
    path: z.string(),
    state: z.enum(["none", "here", "absent", "denied"]),
    /** Octal, e.g. `640`. */
    mode: z.string(),
    owner: z.string(),
    /** Unix seconds; null: there is none. */
    modifiedAt: z.number().nullable(),
    tooLarge: z.boolean(),
    entries: z.array(Entry).max(500),
    /** Lines nobody can read as `NAME=value`, and a mark at the beginning of the file that becomes part of the first name. */
    bad: z.array(z.object({ line: z.int(), what: z.enum(["bom", "no-equals", "name", "unclosed"]) })).max(50),
    twice: z.array(z.object({ name: z.string(), lines: z.array(z.int()), differs: z.boolean() })).max(50),
    /** Lines that end in CR LF. */
    crlf: z.int(),
  }),
  /** Names of the example beside it; `path` empty: there is none. */
  example: z.object({ path: z.string(), names: z.array(z.string()).max(300) }),
  process: z.object({
    /** `unknown`: neither a unit nor a container is named, or it could not be asked. */
    state: z.enum(["running", "stopped", "absent", "unknown"]),
    /** Unix seconds; null: it does not run. */
    startedAt: z.number().nullable(),
    /** Of a container: its network; `host` is the machine's own. */
    network: z.string().optional(),
    /** Files its unit reads (EnvironmentFile=); null: it is no unit. */
    reads: z.array(z.string()).max(20).nullable(),
    /** What it has in its environment; null: not seen. */
    has: z.array(Has).max(400).nullable(),
  }),
  /** Names whose value is the path of a file that is not there. */
  nowhere: z.array(z.string()).max(50),
});
export type Environment = z.output<typeof Environment>;

/**
 * The declared environments of a machine: their `.env` files, and what the unit or container really has. By names and shapes: no value leaves
 * the machine (trap `secrets-in-output`). resync.config-errors, tektra.startup-missing-env, ai-saas.triage-config, sergas-accounts.missing-env.
 */
export const environments = read({
  name: "host.environments",
  title: "Names in environment files and processes",
  input: z.object({ name: z.string().max(60).optional() }),
  output: z.object({ environments: z.array(Environment).max(10), declared: z.int(), notSeen }),
  timeoutSeconds: 30,
  run: async (client, { name }, context) => {
    const asked = client.environments.filter((one) => name === undefined || one.name === name);
    const looks = [];
    for (const one of asked) looks.push(await look(client, one, context));
    return {
      environments: looks.map(({ found }) => found),
      declared: client.environments.length,
      notSeen: looks.flatMap(({ unseen }) => unseen),
    };
  },
});

type Declared = HostClient["environments"][number];

async function look(client: HostClient, declared: Declared, context: ActionContext) {
  const { file = "", example = "", unit = "", container = "" } = declared;
  const said = await script(client, ENVIRONMENT, [file, example, unit, container], context, {
    cut: true,
  });
  return environmentOf(said, declared);
}

/** Pure. Exported for its test. */
export function environmentOf(
  said: string,
  declared: Declared,
): { found: Environment; unseen: readonly NotSeen[] } {
  const [clock = "", about = "", example = "", state = "", rows = ""] = partsOf(said);
  const lines = linesOf(rows).map((line) => line.split(" "));
  const of = (what: string) => lines.filter(([first]) => first === what);
  const [word = "none", facts = ""] = linesOf(about);
  const [mode = "", owner = "", modified = "", size = "0"] = facts.split(" ");
  const compared = new Map(of("is").map(([, name = "", is]) => [name, is]));
  const isHidden = lines.some(([first, second]) => first === "no" && second === "environ");
  const isOverwritten = isHidden && rows.includes("no environ of its start");
  const process = processOf(state, clock);
  const has = of("has").map(([, name = "", flags = "-"]) => ({
    name,
    flags: flagsOf(flags),
    is: Has.shape.is.catch(null).parse(compared.get(name) ?? null),
  }));
  const from = /^from (.*)$/m.exec(example)?.[1] ?? "";
  const found: Environment = {
    ...{ name: declared.name, unit: declared.unit ?? "", container: declared.container ?? "" },
    required: [...declared.required],
    file: {
      path: declared.file ?? "",
      state: Environment.shape.file.shape.state.catch("denied").parse(word),
      ...{ mode, owner: clip(owner, 40), modifiedAt: modified === "" ? null : Number(modified) },
      tooLarge: Number(size) > 262_144,
      entries: of("entry").map(([, line, name = "", flags = "-"]) => ({
        ...{ name, line: Number(line), flags: flagsOf(flags) },
      })),
      bad: of("bad").flatMap(([, line, what]) => {
        const known = Environment.shape.file.shape.bad.element.shape.what.safeParse(what);
        return known.success ? [{ line: Number(line), what: known.data }] : [];
      }),
      twice: of("twice").map(([, line, name = "", first, how]) => ({
        ...{ name, lines: [Number(first), Number(line)], differs: how === "differs" },
      })),
      crlf: Number(of("crlf")[0]?.[1] ?? 0),
    },
    example: {
      path: clip(from, 500),
      names: linesOf(example).filter((line) => !line.startsWith("from ")),
    },
    process: { ...process, has: process.state === "unknown" || isHidden ? null : has },
    nowhere: of("nowhere").map(([, name = ""]) => name),
  };
  return {
    found: bounded(found),
    unseen: unseenOf(found, state, isHidden ? (isOverwritten ? "overwritten" : "denied") : undefined),
  };
}

/** As many as the output may hold. */
const bounded = (one: Environment): Environment => ({
  ...one,
  file: {
    ...one.file,
    entries: one.file.entries.slice(0, 500),
    bad: one.file.bad.slice(0, 50),
    twice: one.file.twice.slice(0, 50),
  },
  nowhere: one.nowhere.slice(0, 50),
});

const flagsOf = (text: string): z.output<typeof Flag>[] =>
  text.split(",").flatMap((word) => {
    const known = Flag.safeParse(word);
    return known.success ? [known.data] : [];
  });

function networkOf(state: string): { network?: string } {
  const network = /^container \S+ (\S{1,100})$/m.exec(state)?.[1];
  return network === undefined ? {} : { network };
}

function processOf(state: string, clock: string): Omit<Environment["process"], "has"> {
  const [now = "0", uptime = "0", ticks = "100"] = linesOf(clock);
  const started = /^started (\d+)$/m.exec(state)?.[1];
  const isUnit = /^LoadState=/m.test(state);
  const isGone = /^LoadState=not-found$/m.test(state) || /no such (object|container)/i.test(state);
  const isKnown = isUnit || /^container /m.test(state);
  return {
    state: isGone ? "absent" : !isKnown ? "unknown" : started === undefined ? "stopped" : "running",
    startedAt:
      started === undefined ? null : Number(now) - Number(uptime) + Number(started) / (Number(ticks) || 100),
    ...networkOf(state),
    reads: isUnit
      ? [...state.matchAll(/^reads (.*)$/gm)].map((match) => clip(match[1] ?? "", 500)).slice(0, 20)
      : null,
  };
}

/** Why what a process was started with is not to be seen. What every start sets (PATH, LANG) is gone where a program has written its title there. */
const HIDDEN = {
  denied: {
    why: "its process belongs to another user",
    fix: "only root, or the user it runs as, may read it",
  },
  overwritten: {
    why: "its program writes its title over it (setproctitle: Redis, gunicorn and others)",
    fix: "ask the program itself what it has, or look at a child it starts",
  },
} as const;

function unseenOf(
  { file, unit, container, process, name }: Environment,
  state: string,
  hidden: keyof typeof HIDDEN | undefined,
): NotSeen[] {
  const of = unit || container;
  const why = /^no (docker.*|systemctl)$/m.exec(state)?.[1];
  return [
    ...(file.state === "denied"
      ? [
          {
            what: file.path,
            why: "diagbot's user may not read it",
            fix: `on that machine: setfacl -m u:USER:r ${file.path}`,
          },
        ]
      : []),
    ...(file.tooLarge ? [{ what: file.path, why: "it is larger than 256 KiB" }] : []),
    ...(why !== undefined && process.state === "unknown"
      ? [
          {
            what: `the environment of ${of} (${name})`,
            why:
              why === "systemctl" ? "there is no systemctl" : `docker could not be asked: ${clip(why, 200)}`,
            fix:
              why === "systemctl"
                ? "name no unit"
                : "let diagbot's user use docker there, or name no container",
          },
        ]
      : []),
    ...(hidden === undefined ? [] : [{ what: `the environment of ${of} (${name})`, ...HIDDEN[hidden] }]),
  ];
}
