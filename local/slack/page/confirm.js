// The dialog in front of a dangerous button.
import { h } from "./dom.js";
import { findFocus, focusKey } from "./focus.js";
import { plain, textObject } from "./format.js";

/** Asks; resolves with true when the person confirms. */
export function confirmed(confirm) {
  if (confirm === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const before = document.activeElement;
    const key = focusKey(before);
    const behind = [...document.body.children].filter((each) => !each.inert);
    const answer = (yes) => () => {
      veil.remove();
      document.removeEventListener("keydown", onKey, true);
      for (const each of behind) each.inert = false;
      // What was pressed may have been drawn anew meanwhile.
      (before?.isConnected ? before : findFocus(key))?.focus?.();
      resolve(yes);
    };
    const onKey = (event) => {
      if (event.key === "Escape") answer(false)();
    };
    document.addEventListener("keydown", onKey, true);
    const yes = h(
      "button",
      {
        type: "button",
        class: `button large ${confirm.style === "danger" ? "danger" : "primary"}`,
        on: { click: answer(true) },
      },
      plain(confirm.confirm?.text ?? "Yes"),
    );
    const veil = h(
      "div",
      { class: "veil above" },
      h(
        "div",
        { class: "modal small", role: "alertdialog", "aria-modal": "true" },
        h(
          "header",
          {},
          h("h2", {}, plain(confirm.title?.text ?? "Are you sure?")),
          h(
            "button",
            { type: "button", class: "icon", "aria-label": "Close", on: { click: answer(false) } },
            "✕",
          ),
        ),
        h("div", { class: "modal-body mrkdwn" }, textObject(confirm.text)),
        h(
          "footer",
          {},
          h(
            "button",
            { type: "button", class: "button large", on: { click: answer(false) } },
            plain(confirm.deny?.text ?? "Cancel"),
          ),
          yes,
        ),
      ),
    );
    for (const each of behind) each.inert = true;
    document.body.append(veil);
    yes.focus();
  });
}
