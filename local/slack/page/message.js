// One message, in a channel or in a thread.
import { avatar, standing } from "./avatar.js";
import { blocks } from "./blocks.js";
import { h } from "./dom.js";
import { mrkdwn, plain } from "./format.js";
import { enlarge } from "./lightbox.js";
import { deed } from "./server.js";
import { changed, goTo, personById, repliesOf, state } from "./store.js";
import { agoOf, momentOf, timeOf } from "./time.js";

const noteKey = (message) => `${message.channel} ${message.ts}`;

const WORDS = {
  operation_timeout: "This app took too long to respond (operation_timeout).",
  dispatch_failed: "This app could not be reached (dispatch_failed).",
};

function contextOf(message) {
  const at = { channel: message.channel, ts: message.ts };
  return (block) => ({
    blockId: block.block_id,
    value: (element) => initial(element),
    act: async (element, input) => {
      const answer = await deed("act", { at, actionId: element.action_id, blockId: block.block_id, input });
      if (answer.ok) state.notes.delete(noteKey(message));
      else
        state.notes.set(
          noteKey(message),
          WORDS[answer.error] ?? `This app did not respond as expected (${answer.error}).`,
        );
      changed();
    },
    ask: async (element, text) => {
      const answer = await deed("suggest", {
        at,
        actionId: element.action_id,
        blockId: block.block_id,
        text,
      });
      return answer.result ?? [];
    },
  });
}

// What a fresh element shows; the state of message inputs lives in the server and is this person's own.
const initial = (element) => ({
  value: element.initial_value,
  selected_option: element.initial_option,
  selected_options: element.initial_options,
  selected_user: element.initial_user,
  selected_users: element.initial_users,
  selected_channel: element.initial_channel,
  selected_conversation: element.initial_conversation,
  selected_date: element.initial_date,
  selected_time: element.initial_time,
  selected_date_time: element.initial_date_time,
});

function file(each) {
  const isPicture = ["image/png", "image/jpeg", "image/gif"].includes(each.mimetype);
  if (!isPicture) {
    return h(
      "a",
      { class: "file-card", href: each.url_private, download: each.name },
      h("span", { class: "file-icon" }, each.filetype.toUpperCase().slice(0, 4)),
      h(
        "span",
        {},
        h("b", {}, each.title),
        h("small", {}, `${each.name} · ${Math.ceil(each.size / 1024)} kB`),
      ),
    );
  }
  const title = each.alt_txt ?? each.title;
  return h(
    "figure",
    { class: "file" },
    h("figcaption", {}, each.title),
    h(
      "button",
      {
        type: "button",
        class: "picture",
        "aria-label": `Enlarge ${each.title}`,
        on: { click: () => enlarge(each.url_private, title) },
      },
      h("img", { src: each.url_private, alt: title }),
    ),
  );
}

const reaction = (each) => {
  const names = each.users.map((user) => personById(user)?.real_name ?? user).join(", ");
  return h(
    "span",
    { class: "reaction", title: `${names} reacted with :${each.name}:` },
    plain(`:${each.name}:`),
    h("span", {}, String(each.users.length)),
  );
};

function threadBar(message) {
  const replies = repliesOf(message.channel, message.ts);
  const last = replies.at(-1);
  if (last === undefined) return undefined;
  const faces = [...new Set(replies.map((reply) => reply.user))]
    .slice(0, 4)
    .map((user) => avatar(user, "tiny"));
  return h(
    "button",
    {
      type: "button",
      class: "thread-bar",
      data: { focus: "thread" },
      on: { click: () => goTo(message.channel, message.ts) },
    },
    h("span", { class: "faces" }, faces),
    h("b", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    h(
      "span",
      { class: "when" },
      h("span", { class: "last" }, `Last reply ${agoOf(last.ts)}`),
      h("span", { class: "view" }, "View thread"),
    ),
  );
}

function body(message) {
  const said = message.blocks
    ? h("div", { class: "blocks" }, blocks(message.blocks, contextOf(message)))
    : message.text && h("div", { class: "mrkdwn text" }, mrkdwn(message.text));
  const edited =
    message.edited && h("span", { class: "edited", title: momentOf(message.edited.ts) }, " (edited)");
  if (edited && !message.blocks && said) said.append(edited);
  return [said, edited && (message.blocks || !said) ? h("div", { class: "edited-line" }, edited) : undefined];
}

const broadcastLine = (message) =>
  message.subtype === "thread_broadcast" &&
  h(
    "button",
    { type: "button", class: "replied", on: { click: () => goTo(message.channel, message.thread_ts) } },
    "replied to a thread",
  );

/** A message. `compact`: the one before is by the same author, just now. `inThread`: no thread bar. */
export function message(each, { compact, inThread }) {
  const person = personById(each.user);
  const note = state.notes.get(noteKey(each));
  const tools = !inThread && each.ephemeralFor === undefined && each.subtype === undefined;
  const classes = [
    "message",
    compact && "compact",
    each.ephemeralFor && "ephemeral",
    each.subtype === "tombstone" && "tombstone",
  ];
  return h(
    "article",
    { class: classes.filter(Boolean).join(" "), tabindex: "-1", data: { ts: each.ts } },
    each.ephemeralFor &&
      h("div", { class: "only-you" }, h("span", { class: "eye" }, "👁"), "Only visible to you"),
    h(
      "div",
      { class: "gutter" },
      compact
        ? h("time", { title: momentOf(each.ts) }, timeOf(each.ts).replace(/ [AP]M/, ""))
        : avatar(each.user),
    ),
    h(
      "div",
      { class: "content" },
      broadcastLine(each),
      !compact &&
        h(
          "div",
          { class: "by" },
          h("b", {}, person?.real_name ?? each.user),
          standing(person),
          h("time", { title: momentOf(each.ts) }, timeOf(each.ts)),
        ),
      body(each),
      each.files && h("div", { class: "files" }, each.files.map(file)),
      each.reactions && h("div", { class: "reactions" }, each.reactions.map(reaction)),
      note && h("div", { class: "note", role: "alert" }, `⚠ ${note}`),
      !inThread && threadBar(each),
    ),
    tools &&
      h(
        "div",
        { class: "tools" },
        h(
          "button",
          {
            type: "button",
            title: "Reply in thread",
            "aria-label": "Reply in thread",
            on: { click: () => goTo(each.channel, each.ts) },
          },
          "💬",
        ),
      ),
  );
}

/** What a drawn message depends on; the same text means the drawn one is still right. */
export function versionOf(each, { compact, inThread }) {
  const replies = inThread
    ? ""
    : repliesOf(each.channel, each.ts)
        .map((reply) => reply.ts)
        .join();
  return [each.version, compact, state.me, state.notes.get(noteKey(each)) ?? "", replies].join("|");
}
