import type { UsersInfoResponse } from "@slack/web-api";
import type { Catalog } from "../../core/ports/catalog.ts";
import { troubleOfChannel } from "../../core/rules/channel.ts";
import type { Caller } from "../../core/words/caller.ts";
import { DiagError } from "../../core/words/errors.ts";
import type { Principal } from "../../core/words/policy.ts";
import { permalink } from "../../slack/permalink.ts";
import { type SlackApi, slackFailure } from "./api.ts";
import { createCache } from "./cache.ts";

/** The workspace the bot's token belongs to. */
export interface Workspace {
  readonly team: string;
  readonly enterprise?: string;
  readonly botUser: string;
  readonly bot?: string;
  /** Id of the app the bot belongs to. */
  readonly app?: string;
  /** On the web: `https://acme.slack.com/`. */
  readonly url?: string;
}

/** Who did something, as Slack's signed payload says. */
export interface Asker {
  readonly team: string;
  readonly user: string;
  readonly trigger: string;
  readonly channel?: string;
}

export interface Identity {
  /** The caller, if a full member of our own workspace. Throws `not_allowed`, or `slack_unavailable` when unknown. */
  member(asker: Asker): Promise<Caller>;
  /** The human in diagbot.yaml. Throws `not_allowed` with whom to ask. */
  principal(asker: Asker): Promise<Principal>;
  /** Throws `not_allowed` where people of other companies read along, or when that cannot be found out. */
  mustBeInternal(channel: string): Promise<void>;
  /** May the bot write there, and does nobody outside read along? Where Slack does not say, no. */
  isOurs(channel: string): Promise<boolean>;
  /** A message on the web; undefined before Slack has said where the workspace is. */
  permalink(channel: string, ts: string): string | undefined;
}

const USER_MS = 30_000;
const CHANNEL_MS = 60_000;

type User = NonNullable<UsersInfoResponse["user"]>;

/** Rights are looked up at the click, never taken from the payload. Not knowing is a no. */
export function createIdentity(
  api: SlackApi,
  catalog: Catalog,
  workspace: () => Workspace | undefined,
): Identity {
  const users = createCache(USER_MS, async (user) => (await api.lookups.users.info({ user })).user ?? {});
  const channels = createCache(
    CHANNEL_MS,
    async (channel) => (await api.lookups.conversations.info({ channel })).channel ?? {},
  );
  const member = async (asker: Asker): Promise<Caller> => {
    const ours = workspace();
    if (ours === undefined) throw new DiagError("slack_unavailable", "diagbot is not connected to Slack yet");
    // The workspace it was done in. Where the user is at home says nothing yet: in a Grid people work in several.
    if (asker.team !== ours.team) throw foreign();
    const user = await users(asker.user).catch((thrown: unknown) => {
      throw slackFailure("could not look up who you are", thrown);
    });
    const why = whyNotMember(user, ours);
    if (why !== undefined) throw new DiagError("not_allowed", why);
    const principal = principalOf(catalog, asker.user);
    return {
      via: "slack",
      name: asker.user,
      slack: { team: asker.team, user: asker.user },
      ...(principal === undefined ? {} : { principal: principal.id }),
    };
  };
  return {
    member,
    permalink: (channel, ts) => {
      const url = workspace()?.url;
      return url === undefined ? undefined : permalink(url, channel, ts);
    },
    principal: async (asker) => {
      await member(asker);
      const principal = principalOf(catalog, asker.user);
      if (principal !== undefined) return principal;
      throw new DiagError("not_allowed", "you may not decide this: diagbot.yaml does not know you", {
        hint: whomToAsk(catalog),
      });
    },
    mustBeInternal: async (channel) => {
      const info = await channels(channel).catch((thrown: unknown) => {
        throw slackFailure("could not look up whether this channel is shared", thrown);
      });
      if (troubleOfChannel(info) === "shared")
        throw new DiagError("not_allowed", "this channel is shared with another company", {
          hint: "decide in a channel of your own workspace, or with `diagbot approve` on the command line",
        });
    },
    isOurs: (channel) =>
      channels(channel).then(
        (info) => troubleOfChannel(info) === undefined,
        () => false,
      ),
  };
}

const foreign = () =>
  new DiagError("not_allowed", "only members of the workspace diagbot lives in may use it");

function whyNotMember(user: User, ours: Workspace): string | undefined {
  const sameTeam = user.team_id === ours.team;
  const sameGrid =
    ours.enterprise !== undefined &&
    user.enterprise_user?.enterprise_id === ours.enterprise &&
    user.enterprise_user.teams?.includes(ours.team) === true;
  if (!sameTeam && !sameGrid) return foreign().message;
  if (user.is_stranger === true) return foreign().message;
  if (user.is_bot === true || user.is_workflow_bot === true) return "bots may not use diagbot";
  if (user.deleted === true) return "this account is deactivated";
  if (user.is_restricted === true || user.is_ultra_restricted === true) return "guests may not use diagbot";
  return undefined;
}

const principalOf = ({ people }: Catalog, user: string): Principal | undefined =>
  people.find(({ slack }) => slack.includes(user));

/** People who could decide something under some policy. */
function whomToAsk({ people, policies }: Catalog): string {
  const roles = new Set(Object.values(policies).flatMap((policy) => policy?.from ?? []));
  const names = people.filter((person) => person.roles.some((role) => roles.has(role))).map(({ id }) => id);
  if (names.length === 0) return "nobody in diagbot.yaml may: `people` and `policies` must be set up first";
  return `ask ${names.slice(0, 10).join(", ")}; to be able to decide yourself, be added under \`people\` in diagbot.yaml`;
}
