/** A message of Slack on the web. `workspace`: `https://acme.slack.com/`, as auth.test names it. */
export function permalink(workspace: string, channel: string, ts: string): string | undefined {
  if (!URL.canParse(workspace) || !/^[A-Z0-9]+$/.test(channel) || !/^\d+\.\d+$/.test(ts)) return undefined;
  return new URL(`archives/${channel}/p${ts.replace(".", "")}`, workspace).href;
}
