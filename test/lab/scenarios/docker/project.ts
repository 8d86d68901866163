import type { PrivateEngine, RunOptions } from "../../../helpers/docker.ts";
import { until } from "../../../helpers/until.ts";
import type { Keep } from "../../words.ts";

export const MIB = 1024 * 1024;
/** As the engine counts. */
const SECOND = 1_000_000_000;

/** A health check every second, ill after two failures. */
export const check = (line: string) => ({
  Healthcheck: { Test: ["CMD-SHELL", line], Interval: SECOND, Timeout: SECOND, Retries: 2 },
});

/** Containers of a project of one scenario. */
export const projectOn = (docker: PrivateEngine, project: string) => {
  const inspect = (name: string) => docker.api.getContainer(`${project}-${name}`).inspect();
  return {
    connection: { kind: "docker", socket: docker.socket, project },
    /** The whole name of one of its containers: names are the engine's, not the project's. */
    nameOf: (name: string) => `${project}-${name}`,
    run: (name: string, keep: Keep, more: Partial<RunOptions> = {}) => {
      keep(() => docker.clear(project));
      return docker.run({ command: ["sleep", "600"], ...more, name: `${project}-${name}`, project });
    },
    inspect,
    /** Resolves once the engine says so of it. */
    once: (name: string, is: (seen: Awaited<ReturnType<typeof inspect>>) => boolean) =>
      until(async () => is(await inspect(name))),
  };
};
