/** The workspace everybody is in unless their `team_id` says otherwise. */
export const TEAM = { id: "T0LOCAL", domain: "local" } as const;

/** The one app that is installed: the bot under test. */
export const APP = { id: "A0DIAGBOT", botId: "B0DIAGBOT", userId: "U0DIAGBOT", name: "diagbot" } as const;

/** Who tells a person that a command failed. */
export const SLACKBOT = "USLACKBOT";
