import { z } from "zod";
import { actionsOn } from "../../core/words/action.ts";
import { clip } from "../../core/words/format.ts";
import { notSeen } from "../../core/words/not-seen.ts";
import { linesOf, partsOf, script } from "../machine/script.ts";
import type { HostClient } from "./client.ts";

const { read } = actionsOn<HostClient>("host");

// The journal where it is readable, the kernel's ring otherwise; each says first whether it may be read at all.
const SAYS = `export LC_ALL=C
errors='[Rr]emounting filesystem read-only|forced readonly|EXT[234]-fs (error|warning)|XFS .*(shutdown|[Ss]hutting down|I/O error|[Cc]orruption)|BTRFS (error|critical)|F2FS-fs.*error|I/O error|[Cc]ritical medium error|JBD2.*(error|abort)'
j=$(journalctl -k -b -o short-iso --no-pager -q 2>/dev/null | tail -n 20000); [ -z "$j" ] || echo journal; echo ==
printf '%s\\n' "$j" | grep -E "$errors" | tail -n 40; echo ==
r=$(dmesg 2>/dev/null) && echo ring; echo ==
printf '%s\\n' "$r" | grep -E "$errors" | tail -n 40; true`;

/** What the kernel has said since the machine was started of disks and file systems that fail. */
export const kernelSays = read({
  name: "host.kernel-says",
  title: "Errors of disks and file systems in the kernel's log",
  input: z.object({}),
  output: z.object({ lines: z.array(z.string()).max(40), notSeen }),
  run: async (client, _input, context) => {
    const said = partsOf(await script(client, SAYS, [], context, { cut: true }));
    const [journal = "", inJournal = "", ring = "", inRing = ""] = said;
    const lines = linesOf(journal === "" ? inRing : inJournal).map((line) => clip(line, 300));
    const isClosed = journal === "" && ring === "";
    return {
      lines: lines.slice(-40),
      ...(isClosed
        ? {
            notSeen: [
              {
                what: "the kernel's log",
                why: "neither journalctl -k nor dmesg may be read",
                fix: "add diagbot's user to the group systemd-journal (or adm)",
              },
            ],
          }
        : {}),
    };
  },
});
