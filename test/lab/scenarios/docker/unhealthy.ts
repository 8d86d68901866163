import { scenario } from "../../words.ts";
import { check, projectOn } from "./project.ts";

export const containerUnhealthy = scenario({
  id: "docker/unhealthy",
  items: ["sergas-accounts.cognee-down"],
  needs: ["docker"],
  situation: "the memory service runs, but its port has not answered for several health checks",
  twin: "the service answers its health checks",
  alert: { name: "ContainerUnhealthy", severity: "critical", summary: "A container is unhealthy" },
  expect: { first: "unhealthy:accounts-cognee", remedy: "restart", apply: true },
  place: ({ docker }) => {
    const project = projectOn(docker, "accounts");
    const command = ["sh", "-c", "touch /tmp/ok; trap 'exit 0' TERM; while :; do sleep 0.1; done"];
    const more = check("test -e /tmp/ok || { echo 'no answer: connection refused'; false; }");
    const health = (is: string) => project.once("cognee", ({ State }) => State.Health?.Status === is);
    return {
      connections: { engine: project.connection },
      labels: { name: project.nameOf("cognee") },
      break: async (keep) => {
        await project.run("cognee", keep, { command, more });
        await health("healthy");
        const container = docker.api.getContainer(project.nameOf("cognee"));
        await (await container.exec({ Cmd: ["rm", "/tmp/ok"] })).start({});
        await health("unhealthy");
      },
      gone: async () => (await project.inspect("cognee")).State.Health?.Status === "healthy",
      twin: async (keep) => {
        await project.run("cognee", keep, { command, more });
        await health("healthy");
      },
    };
  },
});
