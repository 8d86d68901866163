import type { Level } from "../core/words/escalation.ts";
import type { Complaint, ConfigDocument } from "./document.ts";
import { instead } from "./explain.ts";
import { hostReach } from "./public-host.ts";
import type { Concern } from "./safety.ts";
import type { ConfigFile } from "./schema.ts";

/** Steps name webhooks that are there. */
export function checkEscalation(file: ConfigFile, document: ConfigDocument): Complaint[] {
  const names = Object.keys(file.webhooks);
  return steps(file).flatMap(({ level, path }) =>
    level.webhook === undefined || names.includes(level.webhook)
      ? []
      : [
          document.at(
            [...path, "webhook"],
            `${path.join(".")}.webhook: there is no webhook "${level.webhook}"${instead(level.webhook, names) || "; add it under `webhooks`"}`,
          ),
        ],
  );
}

/** What is unsafe, or of no use, about who is told. Pure. */
export function webhookConcerns(file: ConfigFile): Concern[] {
  const named = new Set(steps(file).map(({ level }) => level.webhook));
  return Object.entries(file.webhooks).flatMap(([name, webhook]): Concern[] => {
    const path = ["webhooks", name];
    const unused: Concern[] = named.has(name)
      ? []
      : [{ level: "warn", path, message: "no level of `escalate` names it: nobody is told" }];
    const update = webhook.kind === "ticket" ? webhook.update : undefined;
    const addresses = [
      { url: webhook.url, at: ["url"] },
      ...(update === undefined ? [] : [{ url: update.url, at: ["update", "url"] }]),
    ];
    const clear = addresses.filter(({ url }) => {
      const { protocol, hostname } = new URL(url.replace("{id}", "1"));
      return protocol === "http:" && hostReach(hostname) !== "private";
    });
    return [
      ...unused,
      ...clear.map(({ at }): Concern => ({ level: "refuse", path: [...path, ...at], message: IN_CLEAR })),
    ];
  });
}

const IN_CLEAR = "goes to a public host without TLS: everybody on the way can read its key and what is told";

interface Step {
  readonly level: Level;
  readonly path: readonly PropertyKey[];
}

/** Every step of every levels, with its place. */
function steps({ escalate, systems }: ConfigFile): Step[] {
  const all = [
    { rules: escalate, path: ["escalate"] },
    ...Object.entries(systems).map(([id, system]) => ({
      rules: system.escalate,
      path: ["systems", id, "escalate"],
    })),
  ];
  return all.flatMap(({ rules, path }) => {
    if (rules === undefined) return [];
    const lists = [
      { to: rules.to, at: [...path, "to"] },
      ...Object.entries(rules.severities).map(([severity, own]) => ({
        to: own.to ?? [],
        at: [...path, "severities", severity, "to"],
      })),
      ...Object.entries(rules.damage).map(([kind, own]) => ({
        to: own.to,
        at: [...path, "damage", kind, "to"],
      })),
    ];
    return lists.flatMap(({ to, at }) => to.map((level, index) => ({ level, path: [...at, index] })));
  });
}
