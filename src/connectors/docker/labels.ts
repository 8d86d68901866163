import { z } from "zod";

const COMPOSE = "com.docker.compose";
const SWARM = "com.docker.swarm";
const MOST = 30;

/** What compose waits for before it starts a container; `condition` as in a compose file: service_healthy, … */
export const Dependency = z.object({ service: z.string(), condition: z.string() });
type Dependency = z.output<typeof Dependency>;

/** What compose and swarm write on the containers they make. Podman's compose writes compose's labels, too. */
export const labelled = (labels: Readonly<Record<string, string>>, name: string) => ({
  service:
    labels[`${COMPOSE}.service`] ??
    labels["io.podman.compose.service"] ??
    labels[`${SWARM}.service.name`] ??
    name,
  oneOff: labels[`${COMPOSE}.oneoff`]?.toLowerCase() === "true",
  dependsOn: dependenciesIn(labels[`${COMPOSE}.depends_on`] ?? ""),
  isTask: labels[`${SWARM}.task.id`] !== undefined,
});

/** `db:service_healthy:false,cache:service_started:true`; first versions of compose 2 wrote names only. */
export const dependenciesIn = (label: string): Dependency[] =>
  label
    .split(",", MOST)
    .map((one) => one.trim().split(":"))
    .filter(([service = ""]) => service !== "")
    .map(([service = "", condition]) => ({
      service: service.slice(0, 255),
      condition: condition || "service_started",
    }));
