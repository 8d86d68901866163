import { count, rows } from "../../src/sdk/index.ts";
import {
  about,
  type Environment,
  type Found,
  isRunning,
  sayNames,
  takesFile,
  who,
} from "./environment-words.ts";

const BAD = {
  bom: "a byte order mark, which becomes part of the first name",
  "no-equals": "no `=`",
  name: "no name that a process can have",
  unclosed: "a quote that is never closed: all lines below belong to its value",
} as const;

/** What is odd about the text itself. */
export function shapes(one: Environment): (Found | undefined)[] {
  const { file } = one;
  // Where a process has the same values, its reader takes the file as it is.
  const isProven =
    isRunning(one) && takesFile(one) && one.process.has?.every(({ is }) => is === "same" || is === null);
  const odd = isProven
    ? []
    : file.entries.filter(({ flags }) => flags.some((flag) => ["odd-quotes", "quotes"].includes(flag)));
  const crlf = isProven ? 0 : file.crlf;
  const differs = file.twice.filter((each) => each.differs);
  return [
    file.bad.length + odd.length + crlf === 0
      ? undefined
      : {
          id: `lines:${one.name}`,
          severity: "warning",
          title: `${file.path} has ${[...(file.bad.length + odd.length === 0 ? [] : [`${count(file.bad.length + odd.length, "line")} that cannot be read as meant`]), ...(crlf === 0 ? [] : [`${count(crlf, "line")} with a carriage return`])].join(" and ")}`,
          because:
            "What becomes of them depends on what reads the file: some skip such lines, some stop there, some take the odd characters into the value.",
          evidence: [
            rows(
              "",
              [
                ...file.bad.map(({ line, what }) => ({ line, why: BAD[what] })),
                ...odd.map(({ line, name }) => ({
                  line,
                  why: `${name}: quotes that do not enclose it, or typographic ones`,
                })),
                ...(crlf === 0
                  ? []
                  : [{ line: 1, why: "lines end in CR LF, as editors of Windows write them" }]),
              ].slice(0, 15),
              {
                line: (each) => each.line,
                what: (each) => each.why,
              },
            ),
          ],
          remedies: ["fixLines"],
        },
    differs.length === 0
      ? undefined
      : {
          id: `twice:${one.name}`,
          severity: "warning",
          title: `${file.path} sets ${sayNames(differs.map(({ name }) => name))} twice, differently`,
          because:
            "The last one wins with nearly all that read such files; whoever edits the first changes nothing.",
          evidence: [
            rows("", differs.slice(0, 10), {
              name: (each) => each.name,
              lines: (each) => each.lines.join(", "),
            }),
          ],
          remedies: ["fixLines"],
        },
  ];
}

const SECRET = /(SECRET|PASSWORD|PASSWD|TOKEN|API_?KEY|PRIVATE|CREDENTIAL|DATABASE_URL|DSN)/;

/** What its values lead to, and who may read it. */
export function around(one: Environment): (Found | undefined)[] {
  const local =
    // On the machine's network, or in that of another container, localhost is not the container alone.
    one.container === "" || /^(host$|container:|ns:)/.test(one.process.network ?? "")
      ? []
      : (one.process.has ?? []).filter(({ flags }) => flags.includes("localhost")).map(({ name }) => name);
  const secrets = one.file.entries.filter(({ name }) => SECRET.test(name)).length;
  const isOpen = /[4-7]$/.test(one.file.mode) && secrets > 0;
  return [
    one.nowhere.length === 0
      ? undefined
      : {
          id: `paths:${one.name}`,
          severity: "warning",
          title: `${sayNames(one.nowhere)} of ${who(one)} ${one.nowhere.length === 1 ? "names a path that is" : "name paths that are"} not there`,
          because: `Looked for ${one.container === "" ? "on the machine" : "within the container"}, as diagbot's user. What the program makes itself at its start may be missing before.`,
          evidence: [about(one)],
          remedies: ["fixPaths"],
        },
    local.length === 0
      ? undefined
      : {
          id: `localhost:${one.name}`,
          severity: "warning",
          title: `${sayNames(local)} of the container ${who(one)} ${local.length === 1 ? "points" : "point"} to localhost`,
          because:
            "Within a container that is the container itself, not the machine and not another container. It is right only where what it names runs in the same one, or its network is the machine's.",
          evidence: [about(one)],
          remedies: ["reachOther"],
        },
    isOpen
      ? {
          id: `open-file:${one.name}`,
          severity: "info",
          title: `Every user of the machine may read ${one.file.path} (mode ${one.file.mode})`,
          because: `It sets ${count(secrets, "name")} that by their words are secrets.`,
          evidence: [about(one)],
          remedies: ["closeFile"],
        }
      : undefined,
  ];
}
