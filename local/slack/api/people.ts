import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import { SlackError } from "../errors.ts";
import { TEAM } from "../state/identity.ts";
import { type Answer, count, type Method, maybe, method, nothing, word } from "./method.ts";
import { paged } from "./paging.ts";

type Users = WebClient["users"];
type Usergroups = WebClient["usergroups"];

const info = method("users.info", "users:read", z.object({ user: word }), ({ user }, { workspace }) => {
  const person = workspace.directory.person(user);
  return { user: workspace.directory.profile(person) } satisfies Answer<Users["info"]>;
});

const list = method(
  "users.list",
  "users:read",
  z.object({ limit: count, cursor: maybe }),
  ({ limit, cursor }, { workspace }) => {
    const { items, response_metadata } = paged(workspace.directory.people(), cursor, limit ?? 1000);
    return {
      members: items.map((person) => workspace.directory.profile(person)),
      response_metadata,
    } satisfies Answer<Users["list"]>;
  },
);

const lookupByEmail = method(
  "users.lookupByEmail",
  "users:read.email",
  z.object({ email: word }),
  ({ email }, { workspace }) => {
    const person = workspace.directory.people().find((each) => each.email === email && each.deleted !== true);
    if (person === undefined) throw new SlackError("users_not_found");
    return { user: workspace.directory.profile(person) } satisfies Answer<Users["lookupByEmail"]>;
  },
);

const groups = method("usergroups.list", "usergroups:read", nothing, (_, { workspace }) => {
  const usergroups = workspace.directory.usergroups.map((group) => ({
    id: group.id,
    team_id: TEAM.id,
    handle: group.handle,
    name: group.name ?? group.handle,
    user_count: group.users.length,
    users: [...group.users],
  }));
  return { usergroups } satisfies Answer<Usergroups["list"]>;
});

const groupMembers = method(
  "usergroups.users.list",
  "usergroups:read",
  z.object({ usergroup: word }),
  ({ usergroup }, { workspace }) => {
    const group = workspace.directory.usergroups.find((each) => each.id === usergroup);
    if (group === undefined) throw new SlackError("no_such_subteam");
    return { users: [...group.users] } satisfies Answer<Usergroups["users"]["list"]>;
  },
);

/** The `users.*` and `usergroups.*` methods. */
export const people: readonly Method[] = [info, list, lookupByEmail, groups, groupMembers];
