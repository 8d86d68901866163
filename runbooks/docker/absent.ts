import type { Finding } from "../../src/sdk/index.ts";
import type { Container, List } from "./cause.ts";
import { containersOf } from "./problems.ts";

type Found = Finding<"startProject">;

/** What should have a container and has none: the project, the service that was asked for, and what others depend on. Pure. */
export function absentFindings(list: List, service: string | undefined): Found[] {
  const { project, total } = list;
  if (total === 0 && project !== null) return [noProject(project)];
  if (service !== undefined && containersOf(list, service).length === 0) return [notThere(service, list)];
  return missing(list).map(([name, by]) => unmade(name, by));
}

const noProject = (project: string): Found => ({
  id: "project-without-containers",
  severity: "critical",
  title: `Project ${project} has no containers, not even stopped ones`,
  because: "It was never brought up on this engine, was taken down, or goes by another project name.",
  remedies: ["startProject"],
});

const notThere = (service: string, { project, total }: List): Found => ({
  id: `no-container:${service}`,
  severity: "critical",
  title: `No container of ${service}`,
  because: `Of ${total} containers${project === null ? "" : ` of project ${project}`} none is of this service or name.`,
  remedies: ["startProject"],
});

/** Services that containers which run depend on, and of which there is no container. One that was never started says so itself. */
function missing({ containers, truncated }: List): [string, readonly Container[]][] {
  // Of a list that was cut nothing is known to be missing.
  if (truncated) return [];
  const there = new Set(containers.map(({ service }) => service));
  const users = containers.filter(({ oneOff, state }) => !oneOff && state !== "created");
  const names = new Set(users.flatMap(({ dependsOn }) => dependsOn.map((one) => one.service)));
  return [...names]
    .filter((name) => !there.has(name))
    .map((name) => [name, users.filter((one) => one.dependsOn.some(({ service }) => service === name))]);
}

const unmade = (name: string, by: readonly Container[]): Found => ({
  id: `no-container:${name}`,
  severity: "warning",
  title: `There is no container of ${name}, which ${by
    .map((one) => one.name)
    .slice(0, 3)
    .join(", ")} depends on`,
  because:
    "Compose starts the one after the other, and of the first there is none, not even a stopped one: its image could not be pulled or built (`up` says why, the engine keeps nothing of it), it was removed, or `up --no-deps` left it out on purpose.",
  remedies: ["startProject"],
});
