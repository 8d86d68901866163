// The popup above the composer: commands, their words, and what the host suggests.
import { h } from "./dom.js";
import { fitting } from "./fitting.js";
import { deed } from "./server.js";
import { state } from "./store.js";

const row = (entry, active, pick) =>
  h(
    "div",
    {
      class: active ? "completion active" : "completion",
      role: "option",
      on: {
        mousedown: (event) => {
          event.preventDefault();
          pick(entry);
        },
      },
    },
    h(
      "span",
      { class: "completion-name" },
      h("b", {}, entry.label ?? entry.text.trim()),
      entry.usage && h("span", { class: "usage" }, ` ${entry.usage}`),
    ),
    entry.description && h("small", {}, entry.description),
  );

const heading = () => [
  h("span", {}, "Commands"),
  h(
    "span",
    { class: "keys" },
    h("kbd", {}, "Tab"),
    " to take · ",
    h("kbd", {}, "↑"),
    " ",
    h("kbd", {}, "↓"),
    " to choose",
  ),
];

/** The registered commands' own lines first, then the host's that say something else; none that would change nothing. */
async function linesFor(typed) {
  const own = fitting(typed, state.frame.commands);
  const { result } = await deed("complete", { text: typed });
  const offered = (result ?? []).filter(
    (each) => !own.some((entry) => entry.text.trim() === each.text.trim()),
  );
  return [...own, ...offered].filter((each) => each.text.trim() !== typed.trim() || !typed.endsWith(" "));
}

/** The popup of one composer. Tab takes the first or chosen line, Enter a chosen one, Escape closes it. */
export function completer(input, enabled) {
  const node = h("div", { class: "completions", role: "listbox", "aria-label": "Suggestions", hidden: true });
  let entries = [];
  let active = -1;
  let asked = 0;
  const show = () => {
    node.hidden = entries.length === 0;
    node.replaceChildren(
      h("div", { class: "completions-head" }, heading()),
      ...entries.map((entry, index) => row(entry, index === active, pick)),
    );
    node.querySelector(".active")?.scrollIntoView({ block: "nearest" });
  };
  const close = () => {
    asked += 1;
    entries = [];
    active = -1;
    show();
  };
  const update = async () => {
    const typed = input.value;
    if (!enabled() || !typed.startsWith("/")) return close();
    asked += 1;
    const mine = asked;
    const lines = await linesFor(typed);
    if (mine !== asked) return;
    entries = lines;
    active = -1;
    show();
  };
  const pick = (entry) => {
    input.value = entry.text;
    input.dispatchEvent(new Event("input"));
    input.focus();
  };
  const move = (step) => {
    const length = entries.length;
    active = ((active === -1 && step < 0 ? length : active) + step + length) % length;
    show();
  };
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Tab: () => pick(entries[Math.max(0, active)]),
    Enter: () => (active === -1 ? false : pick(entries[active])),
    Escape: close,
  };
  const key = (event) => {
    if (entries.length === 0 || keys[event.key] === undefined || event.shiftKey) return false;
    if (keys[event.key]() === false) return false;
    event.preventDefault();
    return true;
  };
  return { node, update: () => void update(), close, key };
}
