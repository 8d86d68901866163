import { z } from "zod";
import { actionsOn } from "../../../core/words/action.ts";
import { sayDuration } from "../../../core/words/duration.ts";
import { clip } from "../../../core/words/format.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { MongoClient } from "../client.ts";
import { beganTogether, type Operation } from "./operation.ts";
import { findOperation, operations } from "./operations.ts";

/** Which operation is meant: numbers come again, so its client and its start have to agree. */
const Wanted = z.object({
  opid: z.union([z.number(), z.string().max(100)]),
  client: z.string().min(1).max(100),
  startedAt: z.iso.datetime({ offset: true }),
});
type Wanted = z.output<typeof Wanted>;

const isIt = (wanted: Wanted, now: Operation | undefined): now is Operation =>
  now !== undefined && now.client === wanted.client && beganTogether(now.startedAt, wanted.startedAt);

const why = (now: Operation): string | undefined =>
  now.spared === null ? undefined : `operation ${now.opid} is left alone: ${now.spared}`;

/**
 * `killOp` of one operation, seen again just before: the same number, client and start. Never the server's own, those of the
 * set, backups, index builds and others that must not stop midway. The client gets error 11601; its connection stays. Needs the
 * action `killop` on the cluster. mongodb.com/docs/manual/reference/command/killOp.
 */
export const killOperation = actionsOn<MongoClient>("mongodb").write({
  name: "mongodb.kill-operation",
  title: "End an operation of MongoDB",
  class: "guarded",
  risk: "high",
  input: Wanted,
  output: z.object({ opid: z.union([z.number(), z.string()]), seconds: z.number() }),
  target: ({ opid }) => `operation/${opid}`,
  preview: async (client, wanted, context) => {
    const now = await findOperation(client, wanted.opid, context);
    const witness = { opid: wanted.opid, client: wanted.client, namespace: now?.namespace ?? null };
    if (!isIt(wanted, now))
      return { changes: [], witness, nothingToDo: "this operation has ended by itself" };
    const changes = [
      `end ${sayOperation(now)}${isWrite(now) ? "; what it has changed so far stays changed" : ""}`,
    ];
    const not = why(now);
    return not === undefined ? { changes, witness } : { changes, witness, refused: not };
  },
  run: async (client, wanted, context) => {
    const now = await beforeEffect(() => findOperation(client, wanted.opid, context));
    if (!isIt(wanted, now)) throw refused("the operation has ended, or its number is another's now");
    const not = why(now);
    if (not !== undefined) throw refused(not);
    await client.change("admin", { killOp: 1, op: wanted.opid }, context);
    return { opid: wanted.opid, seconds: now.seconds };
  },
  probe: async (client, wanted, _witness, context) => {
    const now = await findOperation(client, wanted.opid, context);
    if (!isIt(wanted, now)) return { verdict: "done", evidence: "the operation is gone" };
    return now.killPending
      ? { verdict: "done", evidence: "it was told to end, and has not come to a point where it can" }
      : { verdict: "not-done", evidence: `it runs for ${sayDuration(now.seconds * 1000)}` };
  },
  undo: "none: the client gets an error and may send it again; what a write has changed so far stays",
  settled: {
    within: "30s",
    check: () => ({ left: operations({ seconds: 0 }) }),
    holds: ({ left }, wanted) =>
      !left.operations.some((one) => one.opid === wanted.opid && isIt(wanted, one)),
    figures: ({ left }, { opid }, output) => {
      const still = left.operations.find((one) => one.opid === opid);
      return still === undefined
        ? `operation ${opid}, which ran for ${sayDuration((output?.seconds ?? 0) * 1000)}, has ended`
        : `operation ${opid} still runs, for ${sayDuration(still.seconds * 1000)}`;
    },
  },
});

const isWrite = ({ op }: Operation): boolean => ["update", "remove", "insert"].includes(op);

/** `operation 71 on shop.orders: query, 40 s, COLLSCAN, orders-api@10.0.0.7:41234`. */
const sayOperation = ({ opid, namespace, op, seconds, plan, application, client }: Operation): string =>
  clip(
    `operation ${opid} on ${namespace}: ${op}, ${sayDuration(Math.round(seconds) * 1000)}${plan === "" ? "" : `, ${plan}`}, ${application === "" ? "" : `${application}@`}${client}`,
    300,
  );
