// Puts the page together and draws it again after every change.
import { avatar } from "./avatar.js";
import { composer } from "./composer.js";
import { fill, h } from "./dom.js";
import { isDrawerOpen, shade, unfoldButton } from "./drawer.js";
import { findFocus, keepingFocus } from "./focus.js";
import { listItems, scroller } from "./list.js";
import { homeBlocks, showModal } from "./modal.js";
import { listen } from "./server.js";
import { showSidebar } from "./sidebar.js";
import {
  changed,
  channelById,
  channelMessages,
  directOf,
  goTo,
  isHuman,
  markRead,
  messageAt,
  onChange,
  repliesOf,
  state,
} from "./store.js";

const root = document.getElementById("root");
const sidebar = h("aside", {
  class: "sidebar",
  "aria-label": "Channels and people",
  data: { region: "sidebar" },
});
const mainHead = h("header", { class: "head" });
const mainList = scroller("Messages");
const mainComposer = composer(() => ({ channel: state.place }));
const home = h("div", { class: "home" });
const main = h("main", { data: { region: "main" } }, mainHead, mainList.outer, home, mainComposer.node);
const threadHead = h("header", { class: "head" });
const threadList = scroller("Thread");
const threadComposer = composer(() => ({ channel: state.place, thread: state.thread }));
const thread = h(
  "section",
  { class: "thread", "aria-label": "Thread", data: { region: "thread" } },
  threadHead,
  threadList.outer,
  threadComposer.node,
);

const tab = (place, label) =>
  h(
    "button",
    { type: "button", class: state.place === place ? "tab here" : "tab", on: { click: () => goTo(place) } },
    label,
  );

function channelHead(channel) {
  const members = channel.members.filter((id) => state.frame.people.some((person) => person.id === id));
  return [
    h(
      "div",
      { class: "head-title" },
      unfoldButton("main"),
      h("h1", {}, channel.is_private ? "🔒 " : "# ", channel.name),
      channel.is_ext_shared && h("span", { class: "badge" }, "SHARED"),
      h("span", { class: "topic" }, channel.topic.value),
    ),
    h(
      "div",
      { class: "members", title: `${members.length} members` },
      members.slice(0, 3).map((id) => avatar(id, "small")),
      h("span", {}, String(members.length)),
    ),
  ];
}

function appHead() {
  const direct = directOf(state.me);
  return [
    h(
      "div",
      { class: "head-title" },
      unfoldButton("main"),
      avatar(state.frame.app.id, "small"),
      h("h1", {}, state.frame.app.name),
    ),
    h("div", { class: "tabs" }, tab("home", "Home"), direct && tab(direct.id, "Messages")),
  ];
}

let drawnPlace;
function showMain() {
  const channel = channelById(state.place);
  const isHome = channel === undefined;
  fill(mainHead, isHome || channel.is_im ? appHead() : channelHead(channel));
  home.hidden = !isHome;
  mainList.outer.hidden = isHome;
  mainComposer.node.hidden = isHome;
  if (isHome) return fill(home, homeBlocks());
  mainList.show(listItems(channelMessages(channel.id)));
  mainComposer.show();
  const now = `${state.me} ${state.place}`;
  if (drawnPlace !== now) mainList.toEnd();
  drawnPlace = now;
  if (document.visibilityState === "visible") markRead(channel.id);
}

const repliesLine = (count) => ({
  key: "count",
  version: String(count),
  draw: () => h("div", { class: "replies" }, h("span", {}, `${count} ${count === 1 ? "reply" : "replies"}`)),
});

/** Where the keyboard goes when what it was on has been put away. */
let next;
const focusSoon = (key) => {
  if (thread.contains(document.activeElement)) next = key;
};

let drawnThread;
function showThread() {
  const message = state.thread && messageAt(state.place, state.thread);
  thread.hidden = !message;
  root.classList.toggle("with-thread", Boolean(message));
  if (!message) {
    if (drawnThread !== undefined)
      focusSoon({ scope: "main", ts: drawnThread, own: "thread", tag: "BUTTON" });
    drawnThread = undefined;
    return;
  }
  const close = h(
    "button",
    { type: "button", class: "icon", "aria-label": "Close thread", on: { click: () => goTo(state.place) } },
    "✕",
  );
  fill(
    threadHead,
    h(
      "div",
      { class: "head-title" },
      unfoldButton("thread"),
      h("h1", {}, "Thread"),
      h("span", { class: "topic" }, `# ${channelById(state.place)?.name ?? ""}`),
    ),
    close,
  );
  const replies = repliesOf(message.channel, message.ts);
  const how = { inThread: true, days: false };
  const rest = replies.length > 0 ? [repliesLine(replies.length), ...listItems(replies, how)] : [];
  threadList.show([...listItems([message], how), ...rest]);
  threadComposer.show();
  if (drawnThread !== state.thread) {
    threadList.toEnd();
    if (main.contains(document.activeElement)) threadList.outer.focus({ preventScroll: true });
  }
  drawnThread = state.thread;
}

function draw() {
  next = undefined;
  keepingFocus(() => {
    root.classList.toggle("with-sidebar", isDrawerOpen());
    main.inert = isDrawerOpen();
    thread.inert = isDrawerOpen();
    showThread();
    showSidebar(sidebar);
    showMain();
    showModal();
  });
  findFocus(next)?.focus({ preventScroll: true });
  document.title = `${channelById(state.place)?.name ?? state.frame.app.name} · ${state.frame.workspace} · local Slack`;
}

// #CHANNEL or #CHANNEL/ts: the channel, and the thread that message is in.
function follow() {
  const [place, ts] = location.hash.slice(1).split("/");
  const known = place === "home" || channelById(place) !== undefined;
  const message = ts && messageAt(place, ts);
  goTo(known ? place : state.frame.channels[0].id, message ? (message.thread_ts ?? message.ts) : undefined);
}

function begin() {
  const wanted = new URLSearchParams(location.search).get("as") ?? sessionStorage.getItem("local-slack-me");
  const people = state.frame.people.filter(isHuman);
  state.me = (people.find((person) => person.id === wanted) ?? people[0])?.id;
  onChange(draw);
  follow();
  root.replaceChildren(sidebar, shade, main, thread);
  mainComposer.focus();
}

window.addEventListener("hashchange", follow);
document.addEventListener("visibilitychange", changed);
// "5 minutes ago" grows old by itself.
setInterval(changed, 60_000);
listen(begin);
