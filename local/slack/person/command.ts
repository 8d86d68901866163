import type { SlashCommand } from "@slack/bolt";
import { z } from "zod";
import type { Backstage } from "../backstage.ts";
import { PersonSees, SlackError } from "../errors.ts";
import { content, post, said } from "../post.ts";
import { APP, SLACKBOT, TEAM } from "../state/identity.ts";
import type { Ack, LocalChannel } from "../types.ts";

const notice = ({ workspace }: Backstage, channel: LocalChannel, user: string, text: string): void => {
  workspace.messages.put({
    ts: workspace.clock.timestamp(),
    channel: channel.id,
    user: SLACKBOT,
    text,
    ephemeralFor: user,
  });
};

const answered = z.object({
  text: content.text,
  blocks: content.blocks,
  response_type: z.string().optional(),
});

const show = (backstage: Backstage, channel: LocalChannel, user: string, ack: Ack): void => {
  const { response_type, ...answer } = answered.parse(ack);
  if (!answer.text && (answer.blocks ?? undefined) === undefined) return;
  post(backstage, channel, said(answer), response_type === "in_channel" ? {} : { ephemeralFor: user });
};

const INTERPRETED = "In Slack, all messages that start with the “/” character are interpreted as commands.";

/**
 * A person types a slash command. Resolves with the app's acknowledgement, whose text is shown; rejects with
 * `PersonSees` (`operation_timeout`, `dispatch_failed`, `invalid_command` …), which Slackbot tells them too.
 */
export async function command(
  backstage: Backstage,
  user: string,
  where: string,
  name: string,
  text: string,
): Promise<Ack> {
  const { settings, workspace, delivery, url } = backstage;
  const person = workspace.directory.person(user);
  const channel = workspace.directory.channel(where);
  if (settings.dropUnregisteredCommands && !settings.commands.some((each) => each.name === name)) {
    notice(backstage, channel, user, `\`${name}\` is not a valid command. ${INTERPRETED}`);
    throw new PersonSees("invalid_command", `${name} is not registered`);
  }
  const payload = {
    token: "legacy",
    // In a Grid the workspace where it was typed.
    team_id: person.enterprise_user?.teams.includes(TEAM.id) === true ? TEAM.id : (person.team_id ?? TEAM.id),
    team_domain: TEAM.domain,
    channel_id: channel.id,
    channel_name: channel.is_im === true ? "directmessage" : channel.name,
    user_id: person.id,
    user_name: person.name,
    command: name,
    text,
    api_app_id: APP.id,
    is_enterprise_install: "false",
    response_url: url() + workspace.responses.issue({ channel: channel.id, user: person.id }),
    trigger_id: workspace.triggers.issue(person.id),
  } satisfies SlashCommand;
  try {
    const ack = await delivery.deliver("slash_commands", payload);
    show(backstage, channel, person.id, ack);
    return ack;
  } catch (error) {
    const code = error instanceof PersonSees || error instanceof SlackError ? error.code : "dispatch_failed";
    notice(backstage, channel, user, `${name} failed with the error "${code}"`);
    throw error;
  }
}
