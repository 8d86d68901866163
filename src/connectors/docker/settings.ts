import { z } from "zod";

/** A `kind: docker` connection. */
export const DockerSettings = z.strictObject({
  socket: z.string().default("/var/run/docker.sock"),
  /** Compose project: only its containers are seen and touched. */
  project: z.string().optional(),
});
export type DockerSettings = z.output<typeof DockerSettings>;
