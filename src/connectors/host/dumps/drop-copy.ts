import { z } from "zod";
import { actionsOn, type Preview } from "../../../core/words/action.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { HostClient } from "../client.ts";
import { dropped } from "./restore-copy.ts";
import { OWN, restoredCopies, serverNow } from "./restored.ts";

const { write } = actionsOn<HostClient>("host");

const Input = z.object({ name: z.string().max(40), database: z.string().regex(OWN) });

const declaredOf = (client: HostClient, name: string) =>
  client.dumps.find((one) => one.name === name)?.restore;

/** Drops a database that diagbot itself has restored from a dump, and no other: by its name and its comment. */
export const dropCopy = write({
  name: "host.drop-copy",
  title: "Drop the restored copy of a dump",
  class: "cas",
  risk: "high",
  timeoutSeconds: 20,
  input: Input,
  output: z.object({ database: z.string() }),
  target: ({ name }) => `dumps/${name}`,
  preview: async (client, { name, database }, context): Promise<Preview> => {
    const to = declaredOf(client, name);
    const copies = to === undefined ? [] : (await serverNow(client, to, context)).copies;
    const found = copies.find((one) => one.database === database);
    const witness = { there: found !== undefined };
    if (found === undefined) return { changes: [], witness, nothingToDo: `${database} does not exist` };
    return { changes: [`DROP DATABASE ${database} (${found.tables} tables, made by diagbot)`], witness };
  },
  run: async (client, { name, database }, context) => {
    if (context.remainingMs() < 3_000) throw refused("too little time is left for it");
    const to = declaredOf(client, name);
    if (to === undefined) throw refused("diagbot.yaml names no server for it");
    const { copies } = await beforeEffect(() => serverNow(client, to, context));
    if (!copies.some((one) => one.database === database)) throw refused(`${database} does not exist`);
    await dropped(client, to, database, context);
    return { database };
  },
  probe: async (client, { name, database }, _witness, context) => {
    const to = declaredOf(client, name);
    if (to === undefined) return { verdict: "unknown", evidence: "diagbot.yaml names no server for it" };
    const { copies, unfit } = await serverNow(client, to, context);
    const isThere = copies.some((one) => one.database === database);
    if (!isThere && unfit !== undefined) return { verdict: "unknown", evidence: unfit };
    return {
      verdict: isThere ? "not-done" : "done",
      evidence: `${database} is ${isThere ? "there" : "gone"}`,
    };
  },
  undo: "none: it was a copy, and can be restored again from its dump",
  settled: {
    check: ({ name }) => ({ now: restoredCopies({ name }) }),
    holds: ({ now: { copies } }, { database }) => !copies.some((one) => one.database === database),
    figures: (_after, { database }) => `${database} dropped`,
  },
});
