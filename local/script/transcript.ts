import type { LocalSlack } from "../slack/local-slack.ts";
import type { LocalMessage } from "../slack/types.ts";
import { conversation } from "./cards.ts";
import { plainText } from "./plain-text.ts";

/** Reads a channel aloud: every message once it stands, and again when it was edited. */
export function transcript(
  slack: LocalSlack,
  channel: string,
  read: (line: string) => void,
): { stop(): void } {
  const said = new Map<string, LocalMessage>(
    conversation(slack, channel).map((message) => [message.ts, message]),
  );
  let over = false;
  const follow = async (): Promise<void> => {
    while (!over) {
      const news = await slack
        .waitFor(
          (now) => over || conversation(now, channel).find((message) => said.get(message.ts) !== message),
          60 * 60_000,
        )
        .catch(() => true as const);
      if (news === true) return;
      read(sayMessage(news, said.get(news.ts)));
      said.set(news.ts, news);
    }
  };
  void follow();
  return {
    stop: () => {
      over = true;
      slack.panelChanged();
    },
  };
}

/** A new message in full; of an edited one only the lines that are new. */
function sayMessage(message: LocalMessage, before: LocalMessage | undefined): string {
  const indent = message.thread_ts === undefined || message.thread_ts === message.ts ? "" : "    ";
  const known = new Set(before === undefined ? [] : plainText(before).split("\n"));
  const lines = plainText(message)
    .split("\n")
    .filter((line) => !known.has(line));
  const time = new Date().toISOString().slice(11, 19);
  return [
    `${indent}${time} diagbot${before === undefined ? "" : " (edited)"}`,
    ...lines.map((line) => `${indent}  ${line}`),
  ].join("\n");
}
