// The modal in front of the person, and the home tab: views.
import { avatar } from "./avatar.js";
import { blocks } from "./blocks.js";
import { h } from "./dom.js";
import { findFocus, focusKey } from "./focus.js";
import { plain } from "./format.js";
import { deed } from "./server.js";
import { state } from "./store.js";

const CONNECTING = "We had some trouble connecting. Try again?";

/** What has been typed into a view and not been sent yet: view id -> block -> action -> input. */
const typed = new Map();

const draft = (view) => {
  if (!typed.has(view.id)) typed.set(view.id, {});
  return typed.get(view.id);
};

const note = (view, blockId, actionId, input) => {
  const form = draft(view);
  form[blockId] = { ...form[blockId], [actionId]: input };
};

function contextOf(view, failed) {
  return (block) => ({
    blockId: block.block_id,
    errors: view.errors,
    value: (element) => {
      const own = draft(view)[block.block_id]?.[element.action_id];
      const kept = view.state.values[block.block_id]?.[element.action_id];
      return typeof own === "string" && kept?.value !== undefined ? { ...kept, value: own } : kept;
    },
    typing: (element, text) => note(view, block.block_id, element.action_id, text),
    act: async (element, input) => {
      if (block.type === "input") note(view, block.block_id, element.action_id, input ?? null);
      const answer = await deed("act", { actionId: element.action_id, blockId: block.block_id, input });
      if (!answer.ok) failed(answer.error);
    },
    ask: async (element, text) =>
      (await deed("suggest", { actionId: element.action_id, blockId: block.block_id, text })).result ?? [],
  });
}

// Only what the view still asks for, and only where it was touched.
const formOf = (view) => {
  const asked = new Set(view.blocks.map((block) => block.block_id));
  return Object.fromEntries(Object.entries(draft(view)).filter(([blockId]) => asked.has(blockId)));
};

/** What is being done with a view, and what went wrong with it: view id -> { busy, failure }. */
const doings = new Map();

const doing = (view, what) => {
  doings.set(view.id, what);
  showModal();
};

const failed = (view) => (error) => doing(view, { failure: `${CONNECTING} (${error})` });

const close = (view, all) => () => {
  typed.delete(view.id);
  doings.delete(view.id);
  void deed("close", { all });
};

async function send(view) {
  doing(view, { busy: true });
  const answer = await deed("submit", { form: formOf(view) });
  if (!answer.ok) return failed(view)(answer.error);
  if (answer.result?.response_action === undefined) typed.delete(view.id);
  doing(view, {});
}

function drawModal(view) {
  const { busy, failure } = doings.get(view.id) ?? {};
  const submit =
    view.submit &&
    h(
      "button",
      { type: "submit", class: `button large primary${busy ? " busy" : ""}` },
      plain(view.submit.text),
    );
  const depth = state.frame.depths[view.user] ?? 1;
  return h(
    "form",
    {
      class: "modal",
      role: "dialog",
      "aria-modal": "true",
      "aria-label": view.title?.text,
      novalidate: true,
      data: { view: view.id },
      on: {
        submit: (event) => {
          event.preventDefault();
          void send(view);
        },
      },
    },
    h(
      "header",
      {},
      depth > 1
        ? h(
            "button",
            { type: "button", class: "icon", "aria-label": "Back", on: { click: close(view, false) } },
            "‹",
          )
        : avatar(state.frame.app.id, "small"),
      h("h2", {}, plain(view.title?.text ?? "")),
      h(
        "button",
        { type: "button", class: "icon", "aria-label": "Close", on: { click: close(view, true) } },
        "✕",
      ),
    ),
    failure && h("div", { class: "banner", role: "alert" }, failure),
    h("div", { class: "modal-body" }, blocks(view.blocks, contextOf(view, failed(view)))),
    h(
      "footer",
      {},
      h(
        "button",
        { type: "button", class: "button large", on: { click: close(view, false) } },
        plain(view.close?.text ?? (view.submit ? "Cancel" : "Close")),
      ),
      submit,
    ),
  );
}

let shown;
const root = () => document.getElementById("modal");

/** Where the keyboard was before the modal came. */
let opener;
const fieldKey = () => document.activeElement?.dataset?.key;

function focusIn(node, key) {
  const wanted =
    key === undefined
      ? undefined
      : [...node.querySelectorAll("[data-key]")].find((each) => each.dataset.key === key);
  const first = node.querySelector(
    ".input.wrong .field, [data-autofocus], .input .field, .input .combo, .button.primary",
  );
  (wanted ?? first)?.focus();
}

/** Shows the modal in front of the person. It is drawn again only when the app or Slack changed it, not while typing. */
export function showModal() {
  const view = state.frame.modals[state.me];
  const version =
    view === undefined ? "" : `${view.id} ${view.hash} ${JSON.stringify([view.errors, doings.get(view.id)])}`;
  if (version === shown) return;
  const key = fieldKey();
  const scrolled = root().querySelector(".modal-body")?.scrollTop ?? 0;
  const same = view !== undefined && shown?.startsWith(view.id);
  if (shown === undefined || shown === "") opener = focusKey();
  shown = version;
  document.getElementById("root").inert = view !== undefined;
  if (view === undefined) {
    root().replaceChildren();
    findFocus(opener)?.focus();
    return;
  }
  const modal = drawModal(view);
  root().replaceChildren(h("div", { class: "veil" }, modal));
  modal.querySelector(".modal-body").scrollTop = same ? scrolled : 0;
  focusIn(modal, same ? key : undefined);
}

/** The home tab the app published for the person. */
export function homeBlocks() {
  const view = state.frame.homes[state.me];
  if (view === undefined) return h("div", { class: "empty" }, "This app has not published a home tab yet.");
  return h(
    "div",
    { class: "blocks" },
    blocks(
      view.blocks,
      contextOf(view, () => {}),
    ),
  );
}
