// Where a person types: messages, and slash commands with their completion.
import { completer } from "./completion.js";
import { h } from "./dom.js";
import { deed } from "./server.js";
import { channelById, state } from "./store.js";

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** What was typed -> what Slack sends: escaped, `@name` and `#name` as references. */
export function written(text) {
  const { people, channels } = state.frame;
  return escaped(text)
    .replace(/(^|\s)@([\w.-]+)/g, (whole, before, name) => {
      const person = people.find((each) => each.name === name.toLowerCase());
      return person === undefined ? whole : `${before}<@${person.id}>`;
    })
    .replace(/(^|\s)#([\w.-]+)/g, (whole, before, name) => {
      const channel = channels.find((each) => each.name === name.toLowerCase());
      return channel === undefined ? whole : `${before}<#${channel.id}|${channel.name}>`;
    });
}

const COMMAND = /^(\/[\w-]+)(?:\s+([\s\S]*))?$/;

async function send(text, channel, thread, warn) {
  const command = COMMAND.exec(text);
  if (command !== null && thread !== undefined)
    return warn(`${command[1]} is not supported in threads. Sorry!`);
  const answer =
    command === null
      ? await deed("say", { channel, text: written(text), thread })
      : await deed("command", { channel, name: command[1], text: (command[2] ?? "").trim() });
  // Slackbot tells what became of a command; a message has nobody to tell.
  if (!answer.ok && command === null) warn(`Message not sent: ${answer.error}`);
}

const grow = (input) => {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 200)}px`;
};

/** A composer; `target()` says where its text goes: `{ channel, thread }`. It stays while the channel changes. */
export function composer(target) {
  const drafts = new Map();
  const history = [];
  let key = "";
  const warning = h("div", { class: "warning", role: "alert" });
  const warn = (text) => warning.replaceChildren(text);
  const input = h("textarea", { rows: "1", autocomplete: "off", spellcheck: "false" });
  const popup = completer(input, () => target().thread === undefined);
  const button = h(
    "button",
    { type: "button", class: "send", "aria-label": "Send", on: { click: () => submit() } },
    "➤",
  );
  const refresh = () => {
    grow(input);
    button.classList.toggle("ready", input.value.trim() !== "");
    popup.update();
  };
  const put = (text) => {
    input.value = text;
    refresh();
  };
  const submit = () => {
    const text = input.value.trim();
    if (text === "") return;
    const { channel, thread } = target();
    history.push(text);
    warn("");
    put("");
    popup.close();
    void send(text, channel, thread, warn);
  };
  input.addEventListener("input", refresh);
  input.addEventListener("keydown", (event) => {
    if (popup.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && input.value === "" && history.length > 0) {
      event.preventDefault();
      put(history.at(-1));
    }
  });
  const box = h(
    "div",
    { class: "composer" },
    popup.node,
    h("div", { class: "composer-box" }, input, button),
    warning,
  );
  return {
    node: box,
    /** Follows the channel and person shown; each has a draft of its own. */
    show() {
      const { channel, thread } = target();
      const now = `${state.me} ${channel} ${thread ?? ""}`;
      if (now === key) return;
      drafts.set(key, input.value);
      key = now;
      warn("");
      put(drafts.get(now) ?? "");
      popup.close();
      const name = channelById(channel)?.is_im ? state.frame.app.name : `#${channelById(channel)?.name}`;
      input.placeholder = thread === undefined ? `Message ${name}` : "Reply…";
      input.setAttribute("aria-label", input.placeholder);
    },
    focus: () => input.focus(),
  };
}
