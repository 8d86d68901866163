import { z } from "zod";
import type { ServiceCore } from "./core.ts";
import type { Face, Ran } from "./spec.ts";

/** The port through which the try-out itself looks at the state, changes it, and runs programs. */
export const CONTROL = "control";

const Call = z.object({ program: z.string(), args: z.array(z.string()).max(100) });
/** Seconds since 1970. */
const Times = z.object({ times: z.array(z.number()).max(2000) });

/** What the try-out asks of a service; nothing that diagbot knows of. */
export const controlFace = (core: ServiceCore): Face => ({
  connections: [],
  routes: [
    { on: "GET /state", answer: () => ({ body: core.state }) },
    { on: "PATCH /state", answer: ({ body }) => ({ body: {}, set: body }) },
    {
      on: "POST /past",
      answer: ({ body }) => ({ body: { pages: Times.parse(body).times.map((t) => core.page(t)) } }),
    },
    {
      on: "POST /programs",
      answer: ({ body }) => {
        const { program, args } = Call.parse(body);
        const missing: Ran = { err: `${program}: not found\n`, code: 127 };
        const ran = core.spec.programs[program]?.(args, core.state) ?? missing;
        const { out = "", err = "", code = 0, ...more } = ran;
        return { body: { out: typeof out === "string" ? out : JSON.stringify(out), err, code }, ...more };
      },
    },
  ],
});
