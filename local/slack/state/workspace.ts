import type { Settings } from "../options.ts";
import { Changes } from "./changes.ts";
import { Clock } from "./clock.ts";
import { Directory } from "./directory.ts";
import { Files } from "./files.ts";
import { Filled } from "./filled.ts";
import { Messages } from "./messages.ts";
import { ResponseUrls } from "./response-urls.ts";
import { Triggers } from "./triggers.ts";
import { Views } from "./views.ts";

/** All that the local Slack remembers. */
export interface Workspace {
  readonly changes: Changes;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly messages: Messages;
  readonly files: Files;
  readonly filled: Filled;
  readonly views: Views;
  readonly triggers: Triggers;
  readonly responses: ResponseUrls;
}

/** An empty workspace with its people and channels. */
export function openWorkspace(settings: Settings): Workspace {
  const changes = new Changes();
  const clock = new Clock(settings.now);
  return {
    changes,
    clock,
    directory: new Directory(settings),
    messages: new Messages(changes),
    files: new Files(),
    filled: new Filled(),
    views: new Views(clock, changes),
    triggers: new Triggers(clock, settings.triggerTtlMs),
    responses: new ResponseUrls(clock),
  };
}
