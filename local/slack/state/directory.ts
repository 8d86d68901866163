import { SlackError } from "../errors.ts";
import type { Settings } from "../options.ts";
import type { LocalChannel, LocalPerson, LocalUsergroup } from "../types.ts";
import { APP, SLACKBOT, TEAM } from "./identity.ts";

const BOTS: readonly LocalPerson[] = [
  { id: APP.userId, name: APP.name, real_name: APP.name, is_bot: true },
  { id: SLACKBOT, name: "slackbot", real_name: "Slackbot", is_bot: true },
];

/** Who and what there is: people, conversations, user groups. */
export class Directory {
  private readonly byId: ReadonlyMap<string, LocalPerson>;
  private readonly conversations: Map<string, LocalChannel>;
  readonly usergroups: readonly LocalUsergroup[];

  constructor(settings: Settings) {
    this.byId = new Map([...settings.people, ...BOTS].map((person) => [person.id, person]));
    this.conversations = new Map(settings.channels.map((channel) => [channel.id, channel]));
    this.usergroups = settings.usergroups;
  }

  people(): LocalPerson[] {
    return [...this.byId.values()];
  }

  channels(): LocalChannel[] {
    return [...this.conversations.values()];
  }

  /** Throws `user_not_found`. */
  person(id: string): LocalPerson {
    const person = this.byId.get(id);
    if (person === undefined) throw new SlackError("user_not_found");
    return person;
  }

  /** A conversation by id, `#name`, `name`, or the id of a person (their direct messages). Throws `channel_not_found`. */
  channel(reference: string): LocalChannel {
    const name = reference.replace(/^#/, "");
    const found =
      this.conversations.get(reference) ?? this.channels().find((channel) => channel.name === name);
    if (found !== undefined) return found;
    if (this.byId.has(reference)) return this.direct(reference);
    throw new SlackError("channel_not_found");
  }

  /** The channel is like this from now on. */
  put(channel: LocalChannel): void {
    this.conversations.set(channel.id, channel);
  }

  /** The direct messages between a person and the app, opened on first use. */
  direct(user: string): LocalChannel {
    const person = this.person(user);
    const id = `D0${person.id.replace(/^[UW]0?/, "")}`;
    const known = this.conversations.get(id);
    if (known !== undefined) return known;
    const opened: LocalChannel = { id, name: id, members: [person.id, APP.userId], is_im: true };
    this.conversations.set(id, opened);
    return opened;
  }

  members(channel: LocalChannel): readonly string[] {
    return channel.members ?? [...this.byId.keys()].filter((id) => id !== SLACKBOT);
  }

  isMember(channel: LocalChannel, user: string): boolean {
    return this.members(channel).includes(user);
  }

  /** The user object of `users.info`. */
  profile(person: LocalPerson) {
    return {
      id: person.id,
      team_id: person.team_id ?? TEAM.id,
      name: person.name,
      real_name: person.real_name ?? person.name,
      deleted: person.deleted ?? false,
      tz: person.tz ?? "Etc/UTC",
      is_bot: person.is_bot ?? false,
      is_app_user: false,
      is_restricted: person.is_restricted ?? false,
      is_ultra_restricted: person.is_ultra_restricted ?? false,
      is_stranger: person.is_stranger ?? false,
      ...(person.enterprise_user === undefined
        ? {}
        : { enterprise_user: { ...person.enterprise_user, teams: [...person.enterprise_user.teams] } }),
      profile: {
        real_name: person.real_name ?? person.name,
        display_name: person.name,
        ...(person.email === undefined ? {} : { email: person.email }),
      },
    };
  }

  /** The channel object of `conversations.info`. */
  conversation(channel: LocalChannel) {
    const members = this.members(channel);
    return {
      id: channel.id,
      name: channel.name,
      is_channel: channel.is_im !== true,
      is_im: channel.is_im ?? false,
      is_private: channel.is_private ?? channel.is_im ?? false,
      is_archived: channel.is_archived ?? false,
      is_member: members.includes(APP.userId),
      is_ext_shared: channel.is_ext_shared ?? false,
      is_org_shared: channel.is_org_shared ?? false,
      is_shared: channel.is_ext_shared ?? channel.is_org_shared ?? false,
      is_pending_ext_shared: channel.is_pending_ext_shared ?? false,
      num_members: members.length,
      topic: { value: channel.topic ?? "", creator: "", last_set: 0 },
      ...(channel.is_im === true ? { user: members[0] ?? "" } : {}),
    };
  }
}
