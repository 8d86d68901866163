// The left side: channels, the app, who you are.
import { avatar, standing } from "./avatar.js";
import { fill, h } from "./dom.js";
import { foldSidebar } from "./drawer.js";
import { openMenu } from "./menu.js";
import { panel } from "./panel.js";
import { deed } from "./server.js";
import { become, directOf, goTo, isHuman, personById, state, unreadIn } from "./store.js";

const place = (id, label, icon) => {
  const unread = id === "home" ? 0 : unreadIn(id);
  const here = state.place === id;
  return h(
    "button",
    {
      type: "button",
      class: `place${here ? " here" : ""}${unread > 0 && !here ? " new" : ""}`,
      "aria-current": here ? "page" : undefined,
      data: { focus: `place ${id}` },
      on: {
        click: () => {
          goTo(id);
          foldSidebar();
        },
      },
    },
    h("span", { class: "place-icon" }, icon),
    h("span", { class: "place-name" }, label),
    unread > 0 && !here && h("span", { class: "unread", "aria-label": `${unread} unread` }, String(unread)),
  );
};

const openPeople = (opener) =>
  openMenu(
    opener,
    state.frame.people.filter(isHuman).map((person) => ({
      face: [
        avatar(person.id, "small"),
        h("span", { class: "option-name" }, person.real_name, " ", standing(person)),
      ],
      chosen: person.id === state.me,
      data: { person: person.id },
      take: () => {
        become(person.id);
        foldSidebar();
      },
    })),
    { title: "Act as", class: "people-menu" },
  );

const you = () => {
  const me = personById(state.me);
  const face = h(
    "button",
    {
      type: "button",
      class: "you",
      "aria-haspopup": "menu",
      data: { focus: "you" },
      "aria-label": `You are ${me?.real_name}: change`,
      on: { click: () => openPeople(face) },
    },
    avatar(state.me, "small"),
    h("span", { class: "you-text" }, h("small", {}, "You are"), h("b", {}, me?.real_name ?? state.me)),
    h("span", { class: "twist" }, "▾"),
  );
  return face;
};

const openApp = () => {
  goTo("home");
  foldSidebar();
  void deed("home", {});
};

/** Draws the left side. */
export function showSidebar(root) {
  const { workspace, channels, app, connected } = state.frame;
  const direct = directOf(state.me);
  const scrolled = root.querySelector(".places")?.scrollTop ?? 0;
  const atApp = state.place === "home" || state.place === direct?.id;
  fill(
    root,
    h(
      "div",
      { class: "workspace" },
      h("span", { class: "workspace-name" }, workspace),
      h(
        "button",
        { type: "button", class: "icon fold", "aria-label": "Close menu", on: { click: foldSidebar } },
        "✕",
      ),
    ),
    h(
      "nav",
      { class: "places" },
      h("h2", {}, "Channels"),
      channels
        .filter((each) => !each.is_im)
        .map((each) => place(each.id, each.name, each.is_private ? "🔒" : "#")),
      h("h2", {}, "Apps"),
      h(
        "button",
        {
          type: "button",
          class: `place${atApp ? " here" : ""}`,
          data: { focus: "place home" },
          on: { click: openApp },
        },
        avatar(app.id, "tiny"),
        h("span", { class: "place-name" }, app.name),
        h("span", {
          class: connected ? "presence on" : "presence",
          title: connected ? "connected" : "not connected",
        }),
        direct &&
          !atApp &&
          unreadIn(direct.id) > 0 &&
          h("span", { class: "unread" }, String(unreadIn(direct.id))),
      ),
      panel(),
    ),
    you(),
  );
  const list = root.querySelector(".places");
  if (list) list.scrollTop = scrolled;
}
