import { userInfo } from "node:os";
import { z } from "zod";
import type { ActionContext } from "../../core/words/action.ts";
import type { ConnectionCheck } from "../../core/words/connector.ts";
import { DiagError } from "../../core/words/errors.ts";
import { closest } from "../../lib/closest.ts";
import { type DockerClient, getJson } from "./client.ts";
import { PROJECT } from "./find.ts";
import { ListItem, productOf, Version } from "./shapes.ts";

/** Whether the engine answers, and whether there is anything of the configured project. */
export async function checkDocker(client: DockerClient, context: ActionContext): Promise<ConnectionCheck[]> {
  const version = await getJson(client, Version, { path: "/version" }, context).catch(
    (thrown: unknown) => thrown,
  );
  if (thrownBySocket(version)) return [mayNot(client, version.message)];
  if (version instanceof Error) throw version;
  const { Version: number, ApiVersion: api } = version as z.output<typeof Version>;
  const reach: ConnectionCheck = {
    name: "reach",
    state: "ok",
    detail: `${productOf(version as z.output<typeof Version>)} ${number}, API ${api}`,
  };
  const path = "/containers/json";
  const containers = await getJson(client, z.array(ListItem), { path, query: { all: true } }, context);
  return [
    reach,
    judgeProject(
      client.project,
      containers.map(({ Labels }) => Labels?.[PROJECT]),
    ),
  ];
}

const thrownBySocket = (found: unknown): found is DiagError =>
  found instanceof DiagError && ["EACCES", "EPERM"].includes(found.detail ?? "");

const mayNot = ({ socket }: DockerClient, detail: string): ConnectionCheck => ({
  name: "socket",
  state: "missing",
  detail,
  fix: `let the user diagbot runs as use ${socket}, by its group (who is in it is as good as root) or a socket proxy; then start diagbot again`,
  paste: [`sudo usermod -aG docker ${userInfo().username}`],
});

/** `projects`: of each container there is. Pure. Exported for its test. */
export function judgeProject(
  project: string | undefined,
  projects: readonly (string | undefined)[],
): ConnectionCheck {
  const name = "project";
  const own = projects.filter((one) => project === undefined || one === project).length;
  if (own > 0) return { name, state: "ok", detail: `${own} of ${projects.length} containers` };
  if (project === undefined) return { name, state: "warning", detail: "the engine has no container" };
  const others = [...new Set(projects.filter((one) => one !== undefined))].sort();
  const near = closest(project, others);
  return {
    name,
    state: "missing",
    detail: `no container belongs to the compose project ${project}`,
    fix: `correct \`project:\` in diagbot.yaml${near === undefined ? "" : `; did you mean ${near}?`} There are: ${others.slice(0, 20).join(", ") || "none"}`,
  };
}
