// What the page knows, and what the person in front of it looks at.

/** `place` is the id of a channel, or `home` for the app's own tab. */
export const state = {
  me: undefined,
  place: undefined,
  thread: undefined,
  frame: undefined,
  messages: new Map(),
  notes: new Map(),
  busy: new Set(),
};

let draw = () => {};
let scheduled = false;

/** Who redraws after a change. */
export const onChange = (listener) => {
  draw = listener;
};

/** Redraws once everything that happens now has happened. */
export function changed() {
  if (scheduled || state.frame === undefined) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    draw();
  });
}

export const personById = (id) => state.frame?.people.find((person) => person.id === id);
export const channelById = (id) => state.frame?.channels.find((channel) => channel.id === id);
export const groupById = (id) => state.frame?.usergroups.find((group) => group.id === id);
export const isHuman = (person) => !person.is_bot;

/** The direct messages between this person and the app, if there are any yet. */
export const directOf = (user) =>
  state.frame?.channels.find((channel) => channel.is_im && channel.members.includes(user));

let received = 0;
const keyOf = (message) => `${message.channel} ${message.ts}`;

/** Takes in what the server sent: everything small anew, messages by difference. */
export function take(frame) {
  const { messages, removed, ...rest } = frame;
  state.frame = rest;
  for (const message of messages) {
    received += 1;
    state.messages.set(keyOf(message), { ...message, version: received });
  }
  for (const gone of removed) state.messages.delete(keyOf(gone));
}

const visible = (message) => message.ephemeralFor === undefined || message.ephemeralFor === state.me;
const byTime = (one, other) => Number(one.ts) - Number(other.ts);
const isReply = (message) => message.thread_ts !== undefined && message.thread_ts !== message.ts;

/** What a channel shows to this person, oldest first. */
export const channelMessages = (channel) =>
  [...state.messages.values()]
    .filter(
      (each) =>
        each.channel === channel && visible(each) && (!isReply(each) || each.subtype === "thread_broadcast"),
    )
    .sort(byTime);

/** The replies of a thread this person sees, oldest first. */
export const repliesOf = (channel, ts) =>
  [...state.messages.values()]
    .filter((each) => each.channel === channel && each.thread_ts === ts && each.ts !== ts && visible(each))
    .sort(byTime);

export const messageAt = (channel, ts) => state.messages.get(`${channel} ${ts}`);

const REMEMBERED = "local-slack-read";
const read = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "{}");

const latest = (channel) => channelMessages(channel).at(-1)?.ts ?? "0";

/** This person has seen what a channel shows now. */
export function markRead(channel) {
  read[`${state.me} ${channel}`] = latest(channel);
  sessionStorage.setItem(REMEMBERED, JSON.stringify(read));
}

/** How many messages of others this person has not seen; whatever was there when they first came counts as seen. */
export function unreadIn(channel) {
  const key = `${state.me} ${channel}`;
  read[key] ??= started.get(channel) ?? "0";
  return channelMessages(channel).filter(
    (each) => Number(each.ts) > Number(read[key]) && each.user !== state.me,
  ).length;
}

const started = new Map();
/** Notes what is there when the page opens. */
export function begin() {
  for (const channel of state.frame.channels) started.set(channel.id, latest(channel.id));
}

const address = () => `#${state.place}${state.thread ? `/${state.thread}` : ""}`;

/** Shows a channel (or `home`), and with `thread` that thread beside it. */
export function goTo(place, thread) {
  state.place = place;
  state.thread = thread;
  history.replaceState(null, "", `${location.search}${address()}`);
  changed();
}

/** Becomes another person. */
export function become(user) {
  state.me = user;
  sessionStorage.setItem("local-slack-me", user);
  if (channelById(state.place)?.is_im) goTo(state.frame.channels[0].id);
  changed();
}
