import { on, type Steps } from "../core/words/action.ts";

/** Step names of `onEach`: the step's own name, then the connection's: `dns:orders`. */
type StepsOnEach<T extends Steps> = { readonly [K in keyof T & string as `${K}:${string}`]: T[K] };

/**
 * The same steps on each of these connections: `onEach(faces, { dns: network.resolve() })` makes `dns:orders`, `dns:mail`…
 * A rule reads them with `find.all`.
 */
export const onEach = <T extends Steps>(
  connections: readonly { readonly name: string }[],
  steps: T,
): StepsOnEach<T> =>
  Object.fromEntries(
    connections.flatMap(({ name }) =>
      Object.entries(steps).map(([step, call]) => [`${step}:${name}`, on(name, call)]),
    ),
  ) as StepsOnEach<T>;
