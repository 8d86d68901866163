import { scenario } from "../../words.ts";
import { projectOn } from "./project.ts";

export const restartLoop = scenario({
  id: "docker/restart-loop",
  items: ["tektra.wont-start", "tektra.startup-missing-env", "resync.config-errors"],
  needs: ["docker"],
  situation: "a setting is missing, so the service ends as soon as it is started, again and again",
  twin: "the same service with its setting",
  alert: {
    name: "ContainerRestarting",
    severity: "critical",
    summary: "A container restarts again and again",
  },
  expect: { first: "loop:platform-worker", remedy: "fixCrash" },
  place: ({ docker }) => {
    const project = projectOn(docker, "platform");
    const command = [
      "sh",
      "-c",
      '[ -n "$QUEUE_URL" ] || { echo "missing QUEUE_URL"; exit 3; }; exec sleep 600',
    ];
    const host = { RestartPolicy: { Name: "always" } };
    return {
      connections: { engine: project.connection },
      labels: { name: project.nameOf("worker") },
      break: async (keep) => {
        await project.run("worker", keep, { command, host });
        await project.once("worker", ({ RestartCount }) => RestartCount >= 3);
      },
      twin: async (keep) => {
        await project.run("worker", keep, { command, host, more: { Env: ["QUEUE_URL=amqp://mq"] } });
        await project.once("worker", ({ State }) => State.Running);
      },
    };
  },
});
