import { z } from "zod";
import { connectionKind } from "../../core/words/kind.ts";

/** Kubernetes: no connector yet. A cluster is reached through its kubeconfig, so there is no port to ask either. */
export const kind = connectionKind({
  name: "kubernetes",
  settings: z.strictObject({
    kubeconfig: z.string().optional(),
    context: z.string().optional(),
    namespace: z.string().min(1).max(63).default("default"),
  }),
  health: [],
});
