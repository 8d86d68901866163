import { scenario } from "../../words.ts";
import { projectOn } from "./project.ts";

/** As the engine counts CPUs. */
const CPU = 1_000_000_000;
/** So little of one CPU that it is used up however busy the machine is. */
const LITTLE = 0.05;
const BUSY = ["sh", "-c", "while :; do :; done"];
/** Periods of its work after which a limit has shown what it does. */
const PERIODS = 20;

export const cpuLimit = scenario({
  id: "docker/cpu-limit",
  items: ["sergas-accounts.error-resource-contention", "resync.high-cpu-memory"],
  needs: ["docker"],
  situation: "the API has more to do than its CPU limit lets it, and stands still for most of each period",
  twin: "a limit that is not reached, beside a container that uses much CPU and has no limit",
  alert: {
    name: "ContainerHighThrottleRate",
    severity: "warning",
    summary: "A container is held back by its CPU limit",
  },
  expect: { first: "held-back:contention-api", remedy: "raiseCpu" },
  place: ({ docker }) => {
    const project = projectOn(docker, "contention");
    const stopped = async (): Promise<number> => {
      const said = await docker.api.getContainer(project.nameOf("api")).stats({ stream: false });
      return said.cpu_stats.throttling_data.throttled_periods;
    };
    return {
      connections: { engine: project.connection },
      labels: { name: project.nameOf("api") },
      break: async (keep) => {
        await project.run("api", keep, { command: BUSY, host: { NanoCpus: LITTLE * CPU } });
        while ((await stopped()) < PERIODS);
      },
      twin: async (keep) => {
        await project.run("api", keep, { host: { NanoCpus: CPU } });
        await project.run("batch", keep, { command: BUSY });
        await project.once("batch", ({ State }) => State.Running);
      },
    };
  },
});
