// On a narrow window the left side is folded away behind a button.
import { h } from "./dom.js";
import { findFocus } from "./focus.js";
import { changed } from "./store.js";

const narrow = matchMedia("(max-width: 640px)");
let open = false;

/** Whether the left side covers the rest now. */
export const isDrawerOpen = () => narrow.matches && open;

const set = (wanted) => {
  if (open === wanted) return;
  open = wanted;
  changed();
};

/** Folds the left side away again; does nothing on a wide window. */
export function foldSidebar() {
  const was = isDrawerOpen();
  set(false);
  if (was) queueMicrotask(() => document.querySelector(".unfold:not([hidden])")?.focus());
}

function unfold() {
  set(true);
  queueMicrotask(() => findFocus({ scope: "sidebar", own: "you", tag: "BUTTON" })?.focus());
}

/** The button that brings the left side back; shown on narrow windows only. `where` tells several apart. */
export const unfoldButton = (where) =>
  h(
    "button",
    {
      type: "button",
      class: "icon unfold",
      "aria-label": "Open menu",
      "aria-expanded": String(isDrawerOpen()),
      data: { focus: `unfold ${where}` },
      on: { click: unfold },
    },
    "☰",
  );

/** What lies over the rest while the left side is open; a press on it folds. */
export const shade = h("div", { class: "shade", on: { click: foldSidebar } });

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isDrawerOpen() && document.querySelector(".menu, .veil") === null)
    foldSidebar();
});
narrow.addEventListener("change", changed);
