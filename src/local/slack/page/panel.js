// "Break something": what the host of this local Slack lets a person break.
import { h, keyed } from "./dom.js";
import { pressPanel } from "./server.js";
import { changed, state } from "./store.js";

let open = sessionStorage.getItem("local-slack-panel") !== "closed";
const said = new Map();

const WORDS = { ready: "Break", broken: "Restore", busy: "Working…" };

async function press(entry, button) {
  button.disabled = true;
  const answer = await pressPanel(entry.id);
  said.set(entry.id, answer);
  button.disabled = false;
  changed();
}

function card(entry) {
  const answer = said.get(entry.id);
  const button = h(
    "button",
    {
      type: "button",
      class: `panel-button ${entry.state}`,
      disabled: entry.state === "busy",
      "aria-label": `${WORDS[entry.state]}: ${entry.title}`,
      data: { panel: entry.id },
      on: { click: () => void press(entry, button) },
    },
    WORDS[entry.state],
  );
  return h(
    "div",
    { class: `panel-entry ${entry.state}` },
    h(
      "div",
      { class: "panel-row" },
      h("span", { class: "lamp", title: entry.state }),
      h("b", {}, entry.title),
      button,
    ),
    h(
      "div",
      { class: "panel-text" },
      entry.system && h("span", { class: "panel-system" }, entry.system),
      entry.description,
    ),
    answer &&
      h("div", { class: answer.ok ? "panel-answer" : "panel-answer bad", role: "status" }, answer.text),
  );
}

const list = h("div", { class: "panel-list" });

/** The panel, or nothing when the host gave none. */
export function panel() {
  const { panel: given } = state.frame;
  if (given === undefined) return undefined;
  const toggle = () => {
    open = !open;
    sessionStorage.setItem("local-slack-panel", open ? "open" : "closed");
    changed();
  };
  const broken = given.entries.filter((entry) => entry.state === "broken").length;
  keyed(
    list,
    given.entries.map((entry) => ({
      key: entry.id,
      version: JSON.stringify([entry, said.get(entry.id)]),
      draw: () => card(entry),
    })),
  );
  return h(
    "section",
    { class: open ? "panel" : "panel folded", "aria-label": given.title },
    h(
      "button",
      { type: "button", class: "panel-head", "aria-expanded": String(open), on: { click: toggle } },
      h("span", { class: "twist" }, open ? "▾" : "▸"),
      given.title,
      broken > 0 && h("span", { class: "unread" }, String(broken)),
    ),
    open && list,
  );
}
