import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { clip } from "../../core/words/format.ts";
import { type NotSeen, notSeen } from "../../core/words/not-seen.ts";
import { sha256 } from "../../lib/sha256.ts";
import { partsOf } from "../machine/script.ts";
import { ask, NO_SUDO } from "./ask.ts";
import type { NginxClient } from "./client.ts";
import { Facts, factsOf } from "./facts.ts";
import { parseConfig } from "./parse.ts";

const MOST_BYTES = 3_000_000;

// What the test says, how it was built, the main file, and at last all files. -T writes nothing where the test fails.
const CONFIG = `said=$(nginx_ -t 2>&1); code=$?
echo "$code $(id -u)"; printf '%s\\n' "$said" | head -c 20000; printf '\\n==\\n'
built=$("$bin" -V 2>&1); printf '%s\\n' "$built" | head -c 10000; printf '\\n==\\n'
main=$conf; [ -n "$main" ] || main=$(printf '%s\\n' "$built" | sed -n 's/.*--conf-path=\\([^ ]*\\).*/\\1/p')
printf '%s\\n' "$main"; head -c 300000 -- "$main" 2>/dev/null; printf '\\n==\\n'
[ "$code" -eq 0 ] && nginx_ -T 2>/dev/null | head -c 2500000
true`;
// Arguments: file, line.
const LINE = `sed -n "$2{p;q}" -- "$1" 2>/dev/null | head -c 400; true`;

export const Config = z.object({
  version: z.string(),
  /** Whether `nginx -t` passes; null: who asks may not read what it needs, so that nothing is known. */
  valid: z.boolean().nullable(),
  /** Why not, with the line that is wrong. */
  error: z
    .object({ message: z.string(), file: z.string(), line: z.int().nullable(), text: z.string() })
    .nullable(),
  warnings: z.array(z.string()).max(10),
  /** SHA-256 of all files as nginx reads them; empty where the test fails. */
  digest: z.string(),
  files: z.array(z.string()).max(300),
  /** Of the main file alone where the test fails. */
  facts: Facts,
  notSeen,
});
export type Config = z.output<typeof Config>;

/** `nginx -t` and `nginx -T`, bounded: is the configuration on disk valid, and what does it say. tektra.load-balancer-nginx. */
export const config = actionsOn<NginxClient>("nginx").read({
  name: "nginx.config",
  title: "Test the configuration, and what it says",
  timeoutSeconds: 20,
  input: z.object({}),
  output: Config,
  run: (client, _input, context) => configNow(client, context),
});

/** As `nginx.config` says. */
export async function configNow(client: NginxClient, context: ActionContext): Promise<Config> {
  const parts = partsOf(await ask(client, CONFIG, [], context, { maxBytes: MOST_BYTES }));
  const [test = "", built = "", mainPart = "", ...rest] = parts;
  const dump = rest.join("==\n");
  const [head = "", ...said] = test.trim().split("\n");
  const [code = "", user = ""] = head.split(" ");
  const denied = code === "0" || client.settings.sudo ? undefined : deniedIn(said, user);
  const valid = denied === undefined ? code === "0" : null;
  const [mainFile = "", ...main] = mainPart.split("\n");
  // Whatever it finds, its own words begin with its name.
  if (client.settings.sudo && !test.includes("nginx:")) throw noSudo(client);
  const directives = valid === true ? parseConfig(dump) : parseConfig(main.join("\n"), mainFile);
  const prefix = /--prefix=(\S+)/.exec(built)?.[1] ?? "/";
  const facts = factsOf(directives, prefix, {
    errorLog: /--error-log-path=(\S+)/.exec(built)?.[1],
    accessLog: /--http-log-path=(\S+)/.exec(built)?.[1],
  });
  const missing: NotSeen[] =
    denied === undefined
      ? []
      : [
          {
            what: "whether the configuration is valid, and the files it includes",
            why: `\`nginx -t\` needs more rights than diagbot has there: ${clip(denied, 300)}`,
            fix: "`sudo: true` of the connection; `npx diagbot doctor` prints the lines for sudoers",
          },
        ];
  return {
    version: clip(/nginx version: (\S+)/.exec(built)?.[1] ?? "", 60),
    valid,
    error: valid !== false ? null : await errorOf(client, said, context),
    warnings: said
      .filter((line) => line.includes("[warn]"))
      .map((line) => clip(line, 300))
      .slice(0, 10),
    digest: valid === true ? sha256(dump) : "",
    files: [...dump.matchAll(/^# configuration file (.{1,500}):$/gm)]
      .map(([, path = ""]) => path)
      .slice(0, 300),
    facts: {
      ...facts,
      pid: facts.pid ?? /--pid-path=(\S+)/.exec(built)?.[1] ?? null,
    },
    notSeen: missing,
  };
}

const noSudo = (client: NginxClient): DiagError =>
  new DiagError(
    "target_error",
    `nginx on ${client.machine.label}: sudo does not let diagbot run it without a password`,
    { detail: NO_SUDO },
  );

/** `nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:12`. */
async function errorOf(
  client: NginxClient,
  said: readonly string[],
  context: ActionContext,
): Promise<Config["error"]> {
  const worst = worstOf(said) ?? said.find((line) => line.trim() !== "") ?? "it said nothing";
  const [, message = worst, file = "", line = ""] =
    /^(.*?)(?: in (\/[^\n]{1,500}):(\d{1,7}))?$/.exec(worst) ?? [];
  const text = file === "" ? "" : await ask(client, LINE, [file, line], context);
  return {
    message: clip(message.replace(/^nginx: /, ""), 400),
    file,
    line: line === "" ? null : Number(line),
    text: clip(text.trim(), 200),
  };
}

/** What ended the test: `[alert]` of a log that cannot be opened stands before it and ends nothing. */
const worstOf = (said: readonly string[]): string | undefined =>
  said.find((line) => line.includes("[emerg]")) ?? said.find((line) => /\[(alert|crit)\]/.test(line));

/** The line, where the test ended for want of rights and not for what stands in the files; `user`: the number of who asks. Pure. */
export function deniedIn(said: readonly string[], user: string): string | undefined {
  const worst = user === "0" ? undefined : worstOf(said);
  return worst !== undefined && /\((?:13|1): |Permission denied/.test(worst) ? worst : undefined;
}
