import { z } from "zod";
import { connectionKind } from "../../core/words/kind.ts";
import { url } from "../settings.ts";

/** MongoDB: no connector yet, so nothing but its port is asked. */
export const kind = connectionKind({
  name: "mongodb",
  settings: z.strictObject({ url }),
  schemes: { "mongodb:": { port: 27_017 }, "mongodb+srv:": null },
  encrypts: ({ searchParams }) => ["tls", "ssl"].some((name) => searchParams.get(name) === "true"),
});
