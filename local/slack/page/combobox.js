// One select for every kind: a list to filter, options the app offers while typing, one choice or several.
import { h, popover } from "./dom.js";

const LONGEST_LIST = 200;

const matching = (options, typed) => {
  const wanted = typed.trim().toLowerCase();
  return options.filter((option) => wanted === "" || option.text.toLowerCase().includes(wanted));
};

function optionRow(option, chosen, pick) {
  return h(
    "div",
    {
      class: chosen ? "option chosen" : "option",
      role: "option",
      "aria-selected": String(chosen),
      data: { value: option.value },
      on: { click: () => pick(option) },
    },
    h("span", {}, option.text),
    option.description && h("small", {}, option.description),
  );
}

function grouped(options, row) {
  const rows = [];
  let group;
  for (const option of options.slice(0, LONGEST_LIST)) {
    if (option.group !== group && option.group !== undefined)
      rows.push(h("div", { class: "group" }, option.group));
    group = option.group;
    rows.push(row(option));
  }
  return rows.length > 0 ? rows : [h("div", { class: "none" }, "No results")];
}

// Arrow keys walk through the list, Enter takes.
function walkable(search, list, pickFirst) {
  search.addEventListener("keydown", (event) => {
    const rows = [...list.querySelectorAll(".option")];
    const at = rows.findIndex((row) => row.classList.contains("active"));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      rows[at]?.classList.remove("active");
      const next = rows[(at + step + rows.length) % Math.max(1, rows.length)];
      next?.classList.add("active");
      next?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter") {
      event.preventDefault();
      (rows[at] ?? (pickFirst ? rows[0] : undefined))?.click();
    }
  });
}

function openList({ opener, load, several, chosen, take, closed }) {
  const search = h("input", {
    class: "search",
    type: "text",
    placeholder: "Search",
    "aria-label": "Search options",
  });
  const list = h("div", { class: "options", role: "listbox" });
  const menu = h("div", { class: "menu combo-menu" }, search, list);
  let asked = 0;
  let known = [];
  const show = async () => {
    asked += 1;
    const mine = asked;
    const options = await load(search.value);
    if (mine !== asked) return;
    known = matching(options, load.filters === false ? "" : search.value);
    list.replaceChildren(
      ...grouped(known, (option) => optionRow(option, chosen().includes(option.value), pick)),
    );
  };
  const close = popover(opener, menu, closed);
  const pick = (option) => {
    take(option);
    if (several) void show();
    else close();
  };
  search.addEventListener("input", () => void show());
  walkable(search, list, true);
  void show();
  menu.style.minWidth = `${opener.offsetWidth}px`;
  search.focus();
}

/**
 * A select. `load(typed)` gives `{ value, text, group?, description? }[]` (set `load.filters = false` when it filters
 * itself), `chosen` are the options chosen now, `change(options)` hears of every choice.
 */
export function combobox({
  load,
  several = false,
  chosen = [],
  placeholder = "Select an option",
  label,
  key,
  change,
}) {
  let current = [...chosen];
  const face = h("span", { class: "face" });
  const button = h(
    "button",
    { type: "button", class: "combo", "aria-haspopup": "listbox", "aria-label": label, data: { key } },
    face,
  );
  const show = () => {
    button.classList.toggle("empty", current.length === 0);
    face.replaceChildren(
      ...(current.length === 0
        ? [placeholder]
        : current.map((option) => (several ? h("span", { class: "chip" }, option.text) : option.text))),
    );
  };
  const take = (option) => {
    const had = current.some((each) => each.value === option.value);
    if (several) current = had ? current.filter((each) => each.value !== option.value) : [...current, option];
    else current = [option];
    show();
    change(current);
  };
  button.addEventListener("click", () =>
    openList({
      opener: button,
      load,
      several,
      chosen: () => current.map((each) => each.value),
      take,
      closed: () => button.focus(),
    }),
  );
  show();
  return button;
}
