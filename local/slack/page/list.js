// A list of messages: days between them, the newest at the bottom and in sight.
import { h, keyed } from "./dom.js";
import { message, versionOf } from "./message.js";
import { dayName, dayOf } from "./time.js";

const TOGETHER_SECONDS = 300;
/** So close to the end counts as there: fractions of a pixel are rounded. */
const NEAR_END_PX = 8;

// Slack leaves out the name when the same author goes on within five minutes.
const follows = (before, each) =>
  before !== undefined &&
  before.user === each.user &&
  dayOf(before.ts) === dayOf(each.ts) &&
  Number(each.ts) - Number(before.ts) < TOGETHER_SECONDS &&
  before.ephemeralFor === each.ephemeralFor &&
  each.subtype === undefined &&
  before.subtype === undefined;

/** Items for `keyed`: the messages and the lines between days. */
export function listItems(messages, { inThread = false, days = true } = {}) {
  const items = [];
  messages.forEach((each, index) => {
    const before = messages[index - 1];
    if (days && (before === undefined || dayOf(before.ts) !== dayOf(each.ts))) {
      const name = dayName(each.ts);
      items.push({
        key: `day ${dayOf(each.ts)}`,
        version: name,
        draw: () => h("div", { class: "day" }, h("span", {}, name)),
      });
    }
    const how = { compact: follows(before, each), inThread };
    items.push({
      key: `${each.channel} ${each.ts}`,
      version: versionOf(each, how),
      draw: () => message(each, how),
    });
  });
  return items;
}

// The list grows upwards (`column-reverse`): 0 is its end, what lies above is negative.
const toEnd = (outer) => {
  outer.scrollTop = 0;
};
const isAtEnd = (outer) => Math.abs(outer.scrollTop) < NEAR_END_PX;

/** A scroller that stays at the newest message unless the person scrolled up. */
export function scroller(label) {
  const inner = h("div", { class: "list" });
  const outer = h("div", { class: "scroller", role: "log", "aria-label": label, tabindex: "0" }, inner);
  return {
    outer,
    show: (items) => {
      const end = isAtEnd(outer);
      keyed(inner, items);
      if (end) toEnd(outer);
    },
    toEnd: () => toEnd(outer),
  };
}
