import { z } from "zod";
import { connectionKind } from "../../core/words/kind.ts";
import { url } from "../settings.ts";

/** Jaeger: no connector yet, so nothing but its port is asked. */
export const kind = connectionKind({
  name: "jaeger",
  settings: z.strictObject({ url }),
  schemes: { "http:": { port: 80 }, "https:": { port: 443, tls: true } },
});
