import { z } from "zod";

/** A `kind: docker` connection. */
export const DockerSettings = z.strictObject({
  socket: z.string().default("/var/run/docker.sock"),
  /** Compose project: only its containers are seen and touched. */
  project: z.string().optional(),
  /** Containers of one service up to which diagbot may add. */
  scale: z.strictObject({ max: z.int().min(2).max(100).default(10) }).prefault({}),
  /** Connections that the database has for a service, by its name: more replicas than they allow are refused. */
  databaseBudget: z
    .record(z.string(), z.strictObject({ perReplica: z.int().min(1), total: z.int().min(1) }))
    .default({}),
});
export type DockerSettings = z.output<typeof DockerSettings>;
