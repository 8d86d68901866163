import { count, type Finding, rows } from "../../src/sdk/index.ts";
import { ago } from "./ago.ts";
import { idOf, type List } from "./cause.ts";
import type { Judged } from "./problems.ts";

/** Ends this close together have one cause; so many make it more than chance. */
const TOGETHER_MS = 15_000;
const MANY = 3;
/** What an end from outside leaves: killed, asked to end, lost by the engine. */
const FROM_OUTSIDE = new Set([137, 143, 255]);

/** Containers that something outside of them ended at once: one finding, which the single ends follow from. Pure. */
export function togetherFinding(
  problems: readonly Judged[],
  { product }: List,
  now: Date,
): Finding<"start"> | undefined {
  const ended = problems.filter(
    ({ kind, container }) => kind === "exited" && FROM_OUTSIDE.has(container.exitCode),
  );
  const groups = ended.map((one) => ended.filter((other) => Math.abs(at(other) - at(one)) <= TOGETHER_MS));
  const mine = groups.toSorted((a, b) => b.length - a.length)[0] ?? [];
  const [first] = mine;
  if (first === undefined || mine.length < MANY) return undefined;
  const codes = [...new Set(mine.map(({ container }) => container.exitCode))].sort((a, b) => a - b);
  const isLost = codes.every((code) => code === 255);
  const policies = [...new Set(mine.map(({ container }) => container.restartPolicy))];
  const left = policies.every((policy) => policy === "no")
    ? " Nothing has brought them back, since none has a restart policy (`restart: unless-stopped` starts them with the engine)."
    : "";
  return {
    id: "ended-together",
    severity: "critical",
    title: `${count(mine.length, "container")} ended together ${ago(first.container.finishedAt, now)}: ${isLost ? "the machine or the engine went down" : "something outside of them ended them"}`,
    because: `All ended within ${TOGETHER_MS / 1000} s (exit code ${codes.join(", ")}), which no fault of a single one does. ${isLost ? "The engine lost them: it, or the machine, was ended hard." : `The machine or the engine went down, or somebody took all of them down${product === "Podman" ? SESSION : ""}.`} To tell them apart: \`last -x | head\`, \`journalctl -u docker --since -1d\`.${left}`,
    evidence: [
      rows("", mine.slice(0, 20), {
        container: ({ container }) => container.name,
        "exit code": ({ container }) => container.exitCode,
        ended: ({ container }) => container.finishedAt,
        "restart policy": ({ container }) => container.restartPolicy,
      }),
    ],
    remedies: mine.some(({ acts }) => acts.includes("start")) ? ["start"] : [],
    explains: mine.map(idOf),
  };
}

const SESSION =
  ", or (an engine without root) the session of its user ended: then `loginctl show-user USER -p Linger` says no, and `loginctl enable-linger USER` keeps them";

const at = ({ container }: Judged): number => Date.parse(container.finishedAt);
