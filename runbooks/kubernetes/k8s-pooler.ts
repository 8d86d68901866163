import { chosenOf, kubernetes, on, pgbouncer, postgres, runbookOn, z } from "../../src/sdk/index.ts";
import { poolerFindings, settingsOf } from "./pooler.ts";

const name = z.string().max(253);
/** A host or a port. */
const value = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/);

/**
 * A workload pointed at a connection pooler: what would break there is looked at first, a canary goes before the rest, and the
 * variables are set back by the undo. Guide: PgBouncer.
 */
const book = runbookOn(
  "kubernetes",
  {
    id: "k8s-pooler",
    title: "Point a workload at a connection pooler",
    covers: ["sergas-agents.pgbouncer"],
    alerts: [],
    params: z.object({
      workload: name.optional().describe("the deployment that shall go through the pooler"),
      canary: name.optional().describe("a smaller deployment of the same program, which goes first"),
      namespace: z.string().max(63).optional().describe("their namespace; empty: the connection's"),
      container: z.string().max(63).optional().describe("its container; empty: the only one, or the first"),
      host: value.optional().describe("the pooler's host"),
      port: value.optional().describe("the pooler's port; empty: only the host is changed"),
    }),
  },
  () => ({ workloads: kubernetes.workloads() }),
).andThen(["workloads"], ({ workloads }, { params, system, ...rest }) => {
  const of = [params.canary, params.workload].flatMap((wanted) => {
    const found = workloads.workloads.find(
      (one) =>
        one.kind === "Deployment" &&
        one.name === wanted &&
        (params.namespace === undefined || one.namespace === params.namespace),
    );
    return found === undefined ? [] : [{ namespace: found.namespace, name: found.name }];
  });
  const database = chosenOf({ system, ...rest }, "postgres");
  const bouncer = chosenOf({ system, ...rest }, "pgbouncer");
  return {
    variables: kubernetes.variables({ of }),
    ...(database === undefined ? {} : { kept: on(database.name, postgres.sessionState()) }),
    ...(bouncer === undefined ? {} : { bouncer: on(bouncer.name, pgbouncer.serverState()) }),
  };
});

export const k8sPooler = book
  .remedies({
    canaryFirst: book.does(
      kubernetes.setVariables,
      ["workloads", "variables", "kept?", "bouncer?"],
      (seen, { params }) => settingsOf(seen, params, "canary"),
      { title: "Point the canary at the pooler" },
    ),
    all: book.does(
      kubernetes.setVariables,
      ["workloads", "variables", "kept?", "bouncer?"],
      (seen, { params }) => settingsOf(seen, params, "workload"),
      { title: "Point the workload at the pooler" },
    ),
    makeCanary: book.advises(
      "Have a canary",
      "low",
      'A second deployment of the same image with one replica and labels of the same service (`canary: "true"` beside them), so that it takes its share of the traffic. Name it: `canary=<its name>`. What a pooler breaks shows within minutes there, and nowhere else.',
    ),
    fitProgram: book.advises(
      "Make the program fit, or pool by session",
      "high",
      "Behind `pool_mode = transaction` a session is somebody else's after each transaction. Advisory locks: `pg_advisory_xact_lock`. LISTEN: one connection of its own, straight to Postgres. SET: `SET LOCAL`, or `ALTER ROLE … SET`. Temporary tables: `ON COMMIT DROP`. Prepared statements: PgBouncer 1.21 with `max_prepared_statements`, else the driver's switch for simple queries (`prepareThreshold=0`, `statement_cache_size=0`). Where it cannot: a pool of its own with `pool_mode = session`.",
    ),
    say: book.advises(
      "Say what is meant",
      "low",
      "`/diag <system> k8s-pooler workload=api-server canary=api-server-canary host=pgbouncer port=6432`; the variables stand in `variables:` of the connection, that of the host first, that of the port second.",
    ),
  })
  .findings((find) => [
    find(["workloads", "variables", "kept?", "bouncer?"], (seen, { params }) => poolerFindings(seen, params)),
  ]);
