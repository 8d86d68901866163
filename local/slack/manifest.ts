import { parse } from "yaml";
import { z } from "zod";
import type { LocalSlackOptions } from "./options.ts";

const manifest = z.object({
  features: z
    .object({
      slash_commands: z
        .array(
          z.object({
            command: z.string(),
            description: z.string().optional(),
            usage_hint: z.string().optional(),
          }),
        )
        .default([]),
    })
    .default({ slash_commands: [] }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()).default([]) }) }),
  settings: z
    .object({ event_subscriptions: z.object({ bot_events: z.array(z.string()).default([]) }).optional() })
    .default({}),
});

/**
 * The options an app's manifest (YAML or JSON) stands for, so that a command that is not registered, an event that is
 * not subscribed and a scope that is missing fail here as they would in Slack. Throws when it is no manifest.
 */
export function optionsFromManifest(
  text: string,
): Required<Pick<LocalSlackOptions, "commands" | "scopes" | "events">> {
  const { features, oauth_config, settings } = manifest.parse(parse(text));
  return {
    commands: features.slash_commands.map(({ command, description, usage_hint }) => ({
      name: command,
      ...(description === undefined ? {} : { description }),
      ...(usage_hint === undefined ? {} : { usage: usage_hint }),
    })),
    scopes: oauth_config.scopes.bot,
    // `message.channels` and `message.im` both arrive as `message`.
    events: [
      ...new Set((settings.event_subscriptions?.bot_events ?? []).map((name) => name.split(".")[0] ?? name)),
    ],
  };
}
