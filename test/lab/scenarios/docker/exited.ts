import { scenario } from "../../words.ts";
import { MIB, projectOn } from "./project.ts";

/** Ends with an error the first time, as a service does whose database was not there yet. */
const CRASHES_ONCE =
  "[ -e /tmp/fixed ] || { touch /tmp/fixed; echo 'fatal: cannot connect to db' >&2; exit 7; }; exec sleep 600";

export const containerExited = scenario({
  id: "docker/exited",
  items: ["resync.container-failure", "resync.api-not-accessible"],
  needs: ["docker"],
  quick: true,
  situation: "the API's container ended with an error and nothing started it again",
  twin: "the container runs; a job beside it has done its work and ended",
  alert: { name: "ContainerDown", severity: "critical", summary: "A container is down" },
  expect: { first: "exited:resync-api", remedy: "start", apply: true },
  place: ({ docker }) => {
    const project = projectOn(docker, "resync");
    return {
      connections: { engine: project.connection },
      labels: { name: project.nameOf("api") },
      break: async (keep) => {
        await project.run("api", keep, { command: ["sh", "-c", CRASHES_ONCE] });
        await project.once("api", ({ State }) => State.Status === "exited");
      },
      gone: async () => (await project.inspect("api")).State.Running,
      twin: async (keep) => {
        await project.run("api", keep, { host: { Memory: 64 * MIB } });
        await project.run("migrate", keep, { command: ["true"] });
        await project.once("migrate", ({ State }) => State.Status === "exited");
      },
    };
  },
});
