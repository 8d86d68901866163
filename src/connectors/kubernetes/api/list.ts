import { z } from "zod";
import { DiagError } from "../../../core/words/errors.ts";
import type { NotSeen } from "../../../core/words/not-seen.ts";
import { ask, type Bounds, type KubernetesClient } from "./client.ts";
import { pathTo, type Resource } from "./paths.ts";

const PAGE = 250;
/** Tokens that may expire within one list: a server that compacts faster than we read would keep us for ever. */
const MOST_EXPIRED = 3;
const Meta = z.object({ continue: z.string().nullish(), remainingItemCount: z.number().nullish() }).nullish();

export interface ListOf {
  readonly namespace?: string;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string;
  /** Objects beyond which no further page is asked for. Default 1000. */
  readonly most?: number;
}

/** What a list held. `isCut`: there is more than was read. */
export interface Listed<T> {
  readonly items: readonly T[];
  readonly isCut: boolean;
}

/**
 * Reads a list page by page. A token that has expired (410) carries another one to go on with: what changed between the
 * pages may then be missing or double, which a look at one moment never excludes.
 */
export async function list<S extends z.ZodType>(
  client: KubernetesClient,
  shape: S,
  resource: Resource,
  of: ListOf,
  context: Bounds,
): Promise<Listed<z.output<S>>> {
  const page = z.object({ metadata: Meta, items: z.array(shape).nullish() });
  const path = pathTo(resource, of.namespace === undefined ? {} : { namespace: of.namespace });
  const { labelSelector, fieldSelector, most = 1000 } = of;
  const items: z.output<S>[] = [];
  let token: string | undefined;
  let expired = 0;
  while (token !== "" && items.length < most) {
    const query = { limit: PAGE, labelSelector, fieldSelector, continue: token };
    try {
      const { items: found, metadata } = await ask(client, page, { path, query }, context);
      items.push(...((found ?? []) as z.output<S>[]));
      token = metadata?.continue ?? "";
    } catch (thrown) {
      token = nextOf(thrown);
      expired += 1;
      if (token === undefined || expired > MOST_EXPIRED) throw thrown;
    }
  }
  return { items, isCut: token !== "" };
}

/** Where to go on after a 410; empty would begin anew. */
function nextOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof DiagError) || thrown.detail !== "410") return undefined;
  return thrown.said?.continue || undefined;
}

/** The same list of every namespace of the connection, within its selector where the kind carries the system's labels. */
export async function listEverywhere<S extends z.ZodType>(
  client: KubernetesClient,
  shape: S,
  resource: Resource,
  of: Omit<ListOf, "namespace">,
  context: Bounds,
): Promise<{ items: readonly z.output<S>[]; notSeen: readonly NotSeen[] }> {
  const lists = await Promise.all(
    client.namespaces.map((namespace) => list(client, shape, resource, { ...of, namespace }, context)),
  );
  return {
    items: lists.flatMap(({ items }) => items),
    notSeen: lists.flatMap(({ isCut, items }, index) =>
      isCut
        ? [
            {
              what: `${resource.plural} of ${client.namespaces[index]} beyond the first ${items.length}`,
              why: "there are more than are read at once",
              fix: "narrow it with `selector:` in diagbot.yaml",
            },
          ]
        : [],
    ),
  };
}

/** The newest of several versions of a kind that this server has: 404 for a group or version it does not know. */
export async function newest<T>(
  versions: readonly Resource[],
  read: (resource: Resource) => Promise<T>,
): Promise<T> {
  let last: unknown;
  for (const version of versions) {
    try {
      return await read(version);
    } catch (thrown) {
      if (!(thrown instanceof DiagError) || thrown.detail !== "no-api") throw thrown;
      last = thrown;
    }
  }
  throw last;
}
