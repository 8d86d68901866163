import type { Action } from "../core/words/action.ts";
import type { ConnectionFace } from "../core/words/connection.ts";
import type { Connector } from "../core/words/connector.ts";
import { DiagError } from "../core/words/errors.ts";
import type { System } from "../core/words/system.ts";
import type { Trouble } from "../core/words/trouble.ts";
import type { StepView } from "../core/words/view.ts";
import { seenBy } from "./context.ts";
import { createSharedReads, type SharedReads } from "./shared-reads.ts";

/** Clients of the outside systems, opened at first use and kept for the life of the process. */
export interface Targets {
  action(name: string): Action;
  reach(system: System, connection: string, action: Action): { client: unknown; face: ConnectionFace };
  /** What waiting runs ask alike is asked once. */
  readonly shared: SharedReads;
  /** What the connectors say of steps that errored or saw only a part, kind by kind. */
  troubles(steps: readonly StepView[]): readonly Trouble[];
  close(): Promise<void>;
}

export function createTargets(connectors: readonly Connector[]): Targets {
  const actions = new Map(
    connectors.flatMap((connector) =>
      connector.actions.map((action) => [action.name, { action, connector }] as const),
    ),
  );
  const open = new Map<string, { client: unknown; connector: Connector }>();
  return {
    shared: createSharedReads(),
    action: (name) => {
      const known = actions.get(name);
      if (known === undefined) throw new DiagError("bug", `no action ${name}`);
      return known.action;
    },
    reach: (system, name, action) => {
      const connection = system.connections[name];
      if (connection === undefined)
        throw new DiagError("missing_connection", `${system.id} has no connection ${name}`);
      const connector = actions.get(action.name)?.connector;
      if (connector === undefined) throw new DiagError("bug", `no connector for ${action.name}`);
      if (action.needs !== "endpoint" && action.needs !== connection.kind)
        throw new DiagError(
          "missing_connection",
          `${action.name} needs ${action.needs}, ${name} is ${connection.kind}`,
        );
      const key = `${system.id}/${name}/${action.needs}`;
      const known = open.get(key) ?? {
        client: connector.open(connection),
        connector,
      };
      open.set(key, known);
      return { client: known.client, face: connection.face };
    },
    troubles: (steps) =>
      connectors.flatMap((connector) => {
        const mine = steps.filter((step) => actions.get(step.action)?.connector === connector);
        return mine.length === 0 ? [] : (connector.trouble?.(seenBy(mine)) ?? []);
      }),
    close: async () => {
      await Promise.allSettled([...open.values()].map(({ client, connector }) => connector.close(client)));
      open.clear();
    },
  };
}

/** Names the thing that must not be changed by two at once, whatever system it is configured under. */
export function lockKey(system: System, face: ConnectionFace, target: string): string {
  const place =
    face.endpoint === undefined ? `${system.id}/${face.name}` : `${face.endpoint.host}:${face.endpoint.port}`;
  return `${face.kind}://${place}/${target}`;
}
