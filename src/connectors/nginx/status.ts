import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { DiagError } from "../../core/words/errors.ts";
import { ask } from "./ask.ts";
import type { NginxClient } from "./client.ts";

// Argument: the address.
const STATUS = `command -v curl >/dev/null 2>&1 || exit 44
exec curl -q -s -k -f -g --noproxy '*' --max-time 5 -- "$1"`;

/** `stub_status`: connections now and requests since it began; null: the connection names no address for it. */
export const status = actionsOn<NginxClient>("nginx").read({
  name: "nginx.status",
  title: "Connections and requests (stub_status)",
  input: z.object({}),
  output: z.object({
    counts: z
      .object({
        active: z.int(),
        accepted: z.number(),
        handled: z.number(),
        requests: z.number(),
        reading: z.int(),
        writing: z.int(),
        waiting: z.int(),
      })
      .nullable(),
  }),
  run: async (client, _input, context) => {
    const at = client.settings.status;
    if (at === undefined) return { counts: null };
    const said = await ask(client, STATUS, [at], context);
    const numbers = (said.match(/\d{1,18}/g) ?? []).map(Number);
    const [active, accepted, handled, requests, reading, writing, waiting] = numbers;
    if (
      numbers.length !== 7 ||
      active === undefined ||
      accepted === undefined ||
      handled === undefined ||
      requests === undefined ||
      reading === undefined ||
      writing === undefined ||
      waiting === undefined
    )
      throw new DiagError("bad_output", "what answers at `status` of the connection is not stub_status");
    return { counts: { active, accepted, handled, requests, reading, writing, waiting } };
  },
});
