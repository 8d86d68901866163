// What the files of a connector say: what each imports in a checkout of diagbot and in a pack, and what follows.

/** Where a connector is written: a part of diagbot, or of a pack. */
export type Home = "checkout" | "pack";

interface Text {
  readonly imports: Readonly<Record<Home, string>>;
  readonly body: string;
}

/** By the name of the file. */
export const CONNECTOR: Readonly<Record<string, Text>> = {
  "kind.ts": {
    imports: {
      checkout: `import { z } from "zod";
import { judgeTime } from "../../core/rules/response-time.ts";
import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import { headers, url } from "../settings.ts";
import * as __kind__ from "./actions.ts";
import { check__Kind__ } from "./check.ts";
import { type __Kind__Client, open__Kind__ } from "./client.ts";
import { __kind__Trouble } from "./trouble.ts";`,
      pack: `import { actionsIn, asks, type Connector, connectionKind, headers, judgeTime, url, z } from "diagbot/sdk";
import * as __kind__ from "./actions.ts";
import { check__Kind__ } from "./check.ts";
import { type __Kind__Client, open__Kind__ } from "./client.ts";
import { __kind__Trouble } from "./trouble.ts";`,
    },
    body: `const settings = z.strictObject({ url, headers });

const connector: Connector<__Kind__Client, z.output<typeof settings>> = {
  actions: actionsIn(__kind__),
  open: ({ settings: { url: at, headers: sent } }) => open__Kind__(at, sent),
  check: check__Kind__,
  close: async (client) => client.close(),
  trouble: __kind__Trouble,
};

export const kind = connectionKind({
  name: "__kind__",
  settings,
  schemes: { "http:": { port: 80 }, "https:": { port: 443, tls: true } },
  health: [asks(__kind__.state(), ({ ms }, limits) => judgeTime(ms, limits))],
  connector,
});
`,
  },
  "client.ts": {
    imports: {
      checkout: `import type { ActionContext, WriteContext } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { redactor } from "../../lib/redact.ts";
import { refused } from "../before-effect.ts";
import { exchange } from "../exchange.ts";`,
      pack: `import { type ActionContext, DiagError, exchange, redactor, refused, type WriteContext } from "diagbot/sdk";`,
    },
    body: `const BODY_BYTES = 64 * 1024;

/** One service of the kind; opened without I/O. */
export interface __Kind__Client {
  /** The body of a path and the milliseconds it took. Throws DiagError. */
  get(path: string, context: ActionContext): Promise<{ body: string; ms: number }>;
  /** Sets something, once, if it is still \`from\`. Throws DiagError: \`target_refused\` only where nothing was done. */
  put(path: string, from: string, context: WriteContext): Promise<void>;
  close(): void;
}

export function open__Kind__(url: string, headers: Readonly<Record<string, string>>): __Kind__Client {
  const closing = new AbortController();
  // What the service repeats of our own credentials is nobody's to read.
  const redact = redactor([new URL(url).password, ...Object.values(headers)].filter((value) => value !== ""));
  const send = async (method: string, path: string, context: ActionContext, from?: string) => {
    const { status, body, timings } = await exchange({
      url: new URL(path, url),
      method,
      headers: { ...headers, ...(from === undefined ? {} : { "if-match": from }) },
      until: [context.signal, closing.signal],
      timeoutMs: context.timeoutMs,
      maxBytes: BODY_BYTES,
      beyond: "fail",
    });
    if (status === 401 || status === 403)
      throw new DiagError("target_auth", \`the credentials were refused (\${status})\`, {
        detail: String(status),
      });
    // If-Match did not: the service says that it has done nothing.
    if (status === 412) throw refused("it has changed meanwhile", "412");
    if (status >= 300)
      throw new DiagError("target_error", \`\${method} \${path} was answered \${status}\`, {
        detail: String(status),
      });
    return { body: redact(body), ms: timings.totalMs };
  };
  return {
    get: (path, context) => send("GET", path, context),
    put: async (path, from, context) => {
      const timeoutMs = Math.min(context.timeoutMs, context.remainingMs());
      await send("PUT", path, { ...context, timeoutMs }, from);
    },
    close: () => closing.abort(new Error("the client was closed")),
  };
}
`,
  },
  "actions.ts": {
    imports: { checkout: "", pack: "" },
    body: `export { setWorkers } from "./set-workers.ts";
export { state } from "./state.ts";
`,
  },
  "state.ts": {
    imports: {
      checkout: `import { z } from "zod";
import { type ActionContext, actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { __Kind__Client } from "./client.ts";`,
      pack: `import { type ActionContext, actionsOn, DiagError, z } from "diagbot/sdk";
import type { __Kind__Client } from "./client.ts";`,
    },
    body: `const { read } = actionsOn<__Kind__Client>("__kind__");

/** What the service answers: every key that is read, and its limits. */
const Answer = z.object({
  name: z.string().max(500),
  waiting: z.int().nonnegative(),
  workers: z.int().nonnegative(),
});

/** How many jobs wait, and who takes them. Method: \`GET /state\`. */
export const state = read({
  name: "__kind__.state",
  title: "Jobs that wait",
  input: z.strictObject({}),
  output: Answer.extend({ ms: z.number().nonnegative() }),
  run: (client, _input, context) => readState(client, context),
});

/** What writes look at, too, before and after. Throws DiagError. */
export async function readState(client: __Kind__Client, context: ActionContext) {
  const { body, ms } = await client.get("/state", context);
  return { ...answerIn(body), ms };
}

function answerIn(body: string): z.output<typeof Answer> {
  try {
    return Answer.parse(JSON.parse(body));
  } catch (error) {
    throw new DiagError("bad_output", "the answer is not the JSON that was expected", { cause: error });
  }
}
`,
  },
  "set-workers.ts": {
    imports: {
      checkout: `import { z } from "zod";
import { actionsOn, type Call } from "../../core/words/action.ts";
import { beforeEffect, refused } from "../before-effect.ts";
import type { __Kind__Client } from "./client.ts";
import { readState, state } from "./state.ts";`,
      pack: `import { actionsOn, beforeEffect, type Call, refused, z } from "diagbot/sdk";
import type { __Kind__Client } from "./client.ts";
import { readState, state } from "./state.ts";`,
    },
    body: `const { write } = actionsOn<__Kind__Client>("__kind__");

const workers = z.int().min(0).max(100);

/** Another number of workers. Method: \`PUT /workers/<n>\` with If-Match, which the service refuses when it has changed. */
export const setWorkers = write({
  name: "__kind__.set-workers",
  title: "Another number of workers",
  // The precondition goes to the service with the call: sent twice, it is done once.
  class: "cas",
  risk: "high",
  input: z.strictObject({ workers, from: workers }),
  output: z.object({ was: workers }),
  // Two writes of one target never run at once.
  target: () => "workers",
  preview: async (client, { workers, from }, context) => {
    const now = await readState(client, context);
    const witness = { workers: now.workers };
    if (now.workers === workers) return { changes: [], witness, nothingToDo: \`there are \${workers} already\` };
    const changes = [\`workers \${now.workers} → \${workers}\`];
    return now.workers === from
      ? { changes, witness }
      : { changes, witness, refused: moved(now.workers, from) };
  },
  run: async (client, { workers, from }, context) => {
    // What fails before anything is sent has done nothing, whatever it is: beforeEffect says so (\`target_refused\`).
    await beforeEffect(async () => {
      const now = await readState(client, context);
      if (now.workers !== from) throw refused(moved(now.workers, from));
      if (context.remainingMs() < 1_000) throw refused("too little time is left");
    });
    await client.put(\`/workers/\${workers}\`, String(from), context);
    return { was: from };
  },
  // After a crash: was it done? \`unknown\` is asked of a person.
  probe: async (client, { workers, from }, _witness, context) => {
    const now = await readState(client, context);
    const verdict = now.workers === workers ? "done" : now.workers === from ? "not-done" : "unknown";
    return { verdict, evidence: \`there are \${now.workers} workers\` };
  },
  // \`: Call\` keeps TypeScript from reading its own type out of itself. Where nothing takes it back: "none: why".
  undo: ({ workers }, _witness, { was }): Call => setWorkers({ workers: was, from: workers }),
  settled: {
    within: "30s",
    check: () => ({ now: state() }),
    holds: ({ now }, { workers }) => now.workers === workers,
    figures: ({ now }, _input, { was }) => \`workers \${was} → \${now.workers}\`,
  },
});

const moved = (now: number, from: number): string => \`\${now} workers run now, no longer \${from}\`;
`,
  },
  "check.ts": {
    imports: {
      checkout: `import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import type { __Kind__Client } from "./client.ts";`,
      pack: `import type { ActionContext, ConnectionCheck } from "diagbot/sdk";
import type { __Kind__Client } from "./client.ts";`,
    },
    body: `/** Whether the service answers with these credentials; what is missing is thrown, and said by \`doctor\`. */
export async function check__Kind__(
  client: __Kind__Client,
  context: ActionContext,
): Promise<ConnectionCheck[]> {
  await client.get("/state", context);
  return [{ name: "state", state: "ok", detail: "can be read" }];
}
`,
  },
  "trouble.ts": {
    imports: {
      checkout: `import { facts } from "../../core/words/evidence.ts";
import type { TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";`,
      pack: `import { causeOf, facts, type TroubleOf } from "diagbot/sdk";`,
    },
    body: `/** The service cannot be asked: the same finding in every runbook. */
export const __kind__Trouble: TroubleOf = (seen) =>
  Object.values(seen)
    .flatMap((one) => (one.ok ? [] : [one.error]))
    .slice(0, 1)
    .map((error) => {
      const cause = causeOf(error);
      return {
        id: "__kind__",
        severity: "critical",
        title: \`__Kind__ cannot be asked: \${cause.word}\`,
        because: \`\${error.message}. \${cause.because}\`,
        evidence: [facts({ code: error.code, detail: error.detail ?? "–" })],
        remedy: {
          key: "repair__Kind__",
          title: "Get __Kind__ to answer",
          risk: "high",
          advice: "See whether it runs and listens where diagbot.yaml says, and what its log says.",
        },
      };
    });
`,
  },
  "index.ts": {
    imports: { checkout: "", pack: "" },
    body: `export * from "./actions.ts";
export { kind } from "./kind.ts";
`,
  },
};
