// A menu of choices: by mouse, or with the arrow keys, Home, End, Enter and Escape.
import { h, popover } from "./dom.js";
import { findFocus, focusKey } from "./focus.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

const focusAt = (items, index) => items[(index + items.length) % items.length]?.focus();

function onKey(event, items, close) {
  const at = items.indexOf(document.activeElement);
  if (STEPS[event.key] !== undefined)
    focusAt(items, at === -1 && event.key === "ArrowUp" ? -1 : at + STEPS[event.key]);
  else if (event.key === "Home") focusAt(items, 0);
  else if (event.key === "End") focusAt(items, -1);
  else if (event.key === "Tab") close();
  else return;
  event.preventDefault();
}

/**
 * Opens a menu at `opener`. `entries` are `{ face, chosen?, data?, take }`; `face` are the children of the row. The keyboard
 * goes to the chosen row or the first, and back to the opener when the menu closes.
 */
export function openMenu(opener, entries, { title, class: className = "" } = {}) {
  const back = focusKey(opener);
  let close = () => {};
  const items = entries.map(({ face, chosen, data, take }) =>
    h(
      "button",
      {
        type: "button",
        class: chosen ? "option chosen" : "option",
        role: "menuitem",
        tabindex: "-1",
        data,
        on: {
          click: () => {
            close();
            take();
          },
        },
      },
      face,
    ),
  );
  const menu = h(
    "div",
    {
      class: `menu ${className}`,
      role: "menu",
      "aria-label": title,
      on: { keydown: (event) => onKey(event, items, close) },
    },
    title && h("div", { class: "group" }, title),
    items,
  );
  opener.setAttribute("aria-expanded", "true");
  close = popover(opener, menu, () => {
    // The opener may have been drawn anew meanwhile.
    const now = opener.isConnected ? opener : findFocus(back);
    now?.removeAttribute("aria-expanded");
    now?.focus();
  });
  (items.find((_item, index) => entries[index].chosen) ?? items[0])?.focus();
}
