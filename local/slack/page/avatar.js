import { h } from "./dom.js";
import { personById } from "./store.js";

const COLOURS = ["#2b7a78", "#8d4f00", "#1f5fa8", "#9b2c5e", "#4f6b1d", "#6b4fa0", "#a3412a", "#3b6470"];

const colourOf = (id) =>
  COLOURS[
    [...id].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 9973, 7) % COLOURS.length
  ];

const initials = (name) =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? "")
    .join("");

const SLACKBOT = "USLACKBOT";

const faceOf = (id, person) => {
  if (id === SLACKBOT) return "💬";
  return person?.is_bot ? "🤖" : initials(person?.real_name ?? id);
};

/** The picture of a person: their initials, or a robot for an app. */
export function avatar(id, size = "") {
  const person = personById(id);
  const face = h(
    "span",
    { class: `avatar ${size}${person?.is_bot ? " bot" : ""}`, "aria-hidden": "true" },
    faceOf(id, person),
  );
  if (!person?.is_bot) face.style.background = colourOf(id);
  return face;
}

/** What stands beside the name of somebody who is not an ordinary member. */
export function standing(person) {
  if (person?.is_bot) return h("span", { class: "badge" }, "APP");
  if (person?.deleted) return h("span", { class: "badge" }, "DEACTIVATED");
  if (person?.is_stranger) return h("span", { class: "badge" }, "EXTERNAL");
  if (person?.is_restricted || person?.is_ultra_restricted) return h("span", { class: "badge" }, "GUEST");
  return undefined;
}
