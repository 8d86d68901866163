// "Break something": what the host of this local Slack lets a person break.
import { h, keyed } from "./dom.js";
import { pressPanel } from "./server.js";
import { changed, state } from "./store.js";

let open = sessionStorage.getItem("local-slack-panel") !== "closed";
const said = new Map();

const WORDS = { ready: "Break", broken: "Restore", busy: "Working…" };

async function press(entry) {
  said.set(entry.id, await pressPanel(entry.id));
  changed();
}

/** What the press was answered with, while it is news; why it could not be broken, until it is tried again. */
function answerOf(entry) {
  if (entry.failure !== undefined) return { ok: false, text: entry.failure };
  const answer = said.get(entry.id);
  return entry.state === "ready" && answer?.ok ? undefined : answer;
}

/** `isOneOfSeveral`: there are entries of other systems, too; otherwise its name would say nothing. */
function card(entry, isOneOfSeveral) {
  const answer = answerOf(entry);
  const button = h(
    "button",
    {
      type: "button",
      class: `panel-button ${entry.state}`,
      // Not `disabled`: that would take the keyboard away from it.
      "aria-disabled": entry.state === "busy" ? "true" : undefined,
      "aria-label": `${WORDS[entry.state]}: ${entry.title}`,
      data: { panel: entry.id },
      on: { click: () => void (entry.state !== "busy" && press(entry)) },
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
      isOneOfSeveral && entry.system && h("span", { class: "panel-system" }, entry.system),
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
  const isOneOfSeveral = new Set(given.entries.map(({ system }) => system)).size > 1;
  const broken = given.entries.filter((entry) => entry.state === "broken").length;
  keyed(
    list,
    given.entries.map((entry) => ({
      key: entry.id,
      version: JSON.stringify([entry, said.get(entry.id)]),
      draw: () => card(entry, isOneOfSeveral),
    })),
  );
  return h(
    "section",
    { class: open ? "panel" : "panel folded", "aria-label": given.title },
    h(
      "button",
      {
        type: "button",
        class: "panel-head",
        "aria-expanded": String(open),
        data: { focus: "panel" },
        on: { click: toggle },
      },
      h("span", { class: "twist" }, open ? "▾" : "▸"),
      given.title,
      broken > 0 && h("span", { class: "unread" }, String(broken)),
    ),
    open && list,
  );
}
