// A picture, as large as the window allows.
import { h } from "./dom.js";

/** Shows a picture over everything until it is clicked or Escape is pressed. */
export function enlarge(source, title) {
  const close = () => {
    veil.remove();
    document.removeEventListener("keydown", onKey, true);
  };
  const onKey = (event) => {
    if (event.key === "Escape") close();
  };
  document.addEventListener("keydown", onKey, true);
  const veil = h(
    "div",
    { class: "veil lightbox", role: "dialog", "aria-label": title, on: { click: close } },
    h("img", { src: source, alt: title }),
    h("div", { class: "lightbox-title" }, title),
  );
  document.body.append(veil);
}
