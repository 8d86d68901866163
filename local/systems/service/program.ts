import { z } from "zod";
import { beginProgram, nowListening } from "../../sample/settings.ts";
import { systemSpec } from "../index.ts";
import { startService } from "./service.ts";

/** The sample service of one system, as a program of its own. */
const { SERVICE_SYSTEM, SERVICE_PORTS } = z
  .object({ SERVICE_SYSTEM: z.string(), SERVICE_PORTS: z.string() })
  .parse(process.env);

beginProgram();
await startService(
  systemSpec(SERVICE_SYSTEM).service,
  z.record(z.string(), z.int()).parse(JSON.parse(SERVICE_PORTS)),
);
nowListening();
