import { scenario } from "../../words.ts";
import { MIB, projectOn } from "./project.ts";

export const killedForMemory = scenario({
  id: "docker/killed-for-memory",
  items: ["resync.high-cpu-memory", "tektra.model-insufficient-memory"],
  needs: ["docker"],
  situation: "the model wants more memory than its container may have, and was killed",
  twin: "a limit that is full of file cache, which is given back when it is needed",
  alert: { name: "ContainerHighMemoryUsage", severity: "warning", summary: "A container is near its limit" },
  expect: { first: "memory:tektra-model", remedy: "raiseMemory" },
  place: ({ docker }) => {
    const project = projectOn(docker, "tektra");
    return {
      connections: { engine: project.connection },
      labels: { name: project.nameOf("model") },
      break: async (keep) => {
        const host = { Memory: 32 * MIB, MemorySwap: 32 * MIB };
        await project.run("model", keep, { command: ["tail", "/dev/zero"], host });
        await project.once("model", ({ State }) => State.Status === "exited" && State.OOMKilled);
      },
      twin: async (keep) => {
        const command = ["sh", "-c", "head -c 50m /dev/zero > /tmp/f; cat /tmp/f > /tmp/g; sleep 600"];
        await project.run("model", keep, { command, host: { Memory: 64 * MIB } });
        await project.once("model", ({ State }) => State.Running);
      },
    };
  },
});
