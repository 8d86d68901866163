import type { ActionContext, Preview, Probed, WriteContext } from "../../../core/words/action.ts";
import { DiagError } from "../../../core/words/errors.ts";
import { canonical, type Json } from "../../../core/words/json.ts";
import { beforeEffect, refused } from "../../before-effect.ts";
import type { ApiCall, KubernetesClient } from "../api/client.ts";

/** The object as it is: which one, in which version, and the part of it that is changed. */
export interface Found<R = unknown> {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly state: Json;
  /** What guards and the patch need besides. */
  readonly more: R;
}

/** A patch of one object from one state to another, each said in the input. */
export interface Change<I, R = unknown> {
  /** `deployment api`, for sentences. */
  whose(input: I): string;
  find(client: KubernetesClient, input: I, context: ActionContext): Promise<Found<R> | undefined>;
  from(input: I): Json;
  to(input: I): Json;
  /** The state in words. */
  say(state: Json): string;
  line(input: I, found: Found<R>): string;
  /** Its resourceVersion is a precondition: what changed between the look and the patch is a conflict. */
  patch(input: I, found: Found<R>): Pick<ApiCall, "path" | "body" | "contentType">;
  /** Why it must not be done although nothing has changed; the API server does not refuse this by itself. */
  guard?(
    client: KubernetesClient,
    input: I,
    found: Found<R>,
    context: ActionContext,
  ): Promise<string | undefined>;
}

/** What a patch needs until it is answered. */
const LEAST_MS = 500;
const same = (a: Json, b: Json): boolean => canonical(a) === canonical(b);

/**
 * Preview, run and probe of a patch. The preview is a dry run of the very patch on the server, and the guards that it does
 * not have; the witness is the object's uid and the state it was decided on. `run` looks again, and patches only that.
 */
export function partsOf<I extends { readonly uid: string }, R>(change: Change<I, R>) {
  const whyNot = async (
    client: KubernetesClient,
    input: I,
    found: Found<R> | undefined,
    context: ActionContext,
  ): Promise<string | undefined> => {
    const whose = change.whose(input);
    if (found === undefined) return `${whose} is gone`;
    if (found.uid !== input.uid) return `${whose} is another one than the one that was looked at`;
    if (!same(found.state, change.from(input)))
      return `${whose} is at ${change.say(found.state)}, no longer at ${change.say(change.from(input))}`;
    return change.guard?.(client, input, found, context);
  };
  return {
    preview: async (client: KubernetesClient, input: I, context: ActionContext): Promise<Preview> => {
      const found = await change.find(client, input, context);
      const whose = change.whose(input);
      if (found === undefined)
        return { changes: [], witness: { gone: true }, nothingToDo: `${whose} is gone` };
      const witness = { uid: found.uid, state: found.state };
      if (found.uid === input.uid && same(found.state, change.to(input)))
        return { changes: [], witness, nothingToDo: `${whose} is at ${change.say(found.state)} already` };
      const why =
        (await whyNot(client, input, found, context)) ?? (await tried(client, change, input, found, context));
      const changes = [change.line(input, found)];
      return { changes, witness, ...(why === undefined ? {} : { refused: why }) };
    },
    run: async (
      client: KubernetesClient,
      input: I,
      context: WriteContext,
    ): Promise<{ resourceVersion: string }> => {
      const found = await beforeEffect(() => change.find(client, input, context));
      const why = await beforeEffect(() => whyNot(client, input, found, context));
      if (why !== undefined || found === undefined) throw refused(why ?? "it is gone");
      const timeoutMs = Math.min(context.timeoutMs, context.remainingMs());
      if (timeoutMs < LEAST_MS) throw refused("too little time is left");
      await client.request(
        { method: "PATCH", ...change.patch(input, found), query: { fieldManager: "diagbot" } },
        { ...context, timeoutMs },
      );
      return { resourceVersion: found.resourceVersion };
    },
    probe: async (
      client: KubernetesClient,
      input: I,
      _witness: Json,
      context: ActionContext,
    ): Promise<Probed> => {
      const found = await change.find(client, input, context);
      const whose = change.whose(input);
      if (found === undefined || found.uid !== input.uid)
        return { verdict: "unknown", evidence: `${whose} is gone, or another one` };
      const evidence = `${whose} is at ${change.say(found.state)}`;
      if (same(found.state, change.to(input))) return { verdict: "done", evidence };
      return { verdict: same(found.state, change.from(input)) ? "not-done" : "unknown", evidence };
    },
  };
}

/** The patch as a dry run: why the server would refuse it. */
async function tried<I, R>(
  client: KubernetesClient,
  change: Change<I, R>,
  input: I,
  found: Found<R>,
  context: ActionContext,
): Promise<string | undefined> {
  try {
    await client.request(
      {
        method: "PATCH",
        ...change.patch(input, found),
        query: { dryRun: "All", fieldManager: "diagbot" },
      },
      context,
    );
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof DiagError) || thrown.code !== "target_refused") throw thrown;
    return `the API server refuses it: ${thrown.message}${thrown.hint === undefined ? "" : ` ${thrown.hint}`}`;
  }
}

export const MERGE = "application/merge-patch+json";
/** Merges containers by name, where a merge patch would replace the whole list. */
export const STRATEGIC = "application/strategic-merge-patch+json";
export const JSON_PATCH = "application/json-patch+json";
