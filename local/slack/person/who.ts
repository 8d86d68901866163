import type { Backstage } from "../backstage.ts";
import { APP, TEAM } from "../state/identity.ts";

/** What every payload of interactivity says about who did it. */
export function who({ workspace, settings }: Backstage, user: string) {
  const person = workspace.directory.person(user);
  return {
    team: { id: TEAM.id, domain: TEAM.domain },
    enterprise: settings.enterprise === undefined ? null : { id: settings.enterprise, name: "Corp" },
    is_enterprise_install: false,
    user: { id: person.id, username: person.name, name: person.name, team_id: person.team_id ?? TEAM.id },
    api_app_id: APP.id,
    token: "legacy",
  };
}
