// Everything the page shows is made here, as nodes and text: no markup is ever parsed from a string.

/** An element. `on` holds listeners, `data` data attributes; undefined and false children are left out. */
export function h(tag, { class: className, on = {}, data = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  for (const [name, value] of Object.entries(data)) if (value !== undefined) element.dataset[name] = value;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false || value === null) continue;
    if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(9).filter((child) => child !== undefined && child !== null && child !== false),
  );
  return element;
}

/** Replaces the children of an element. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(9).filter((child) => child !== undefined && child !== null && child !== false),
  );
}

/**
 * Shows a list, keeping the node of every item whose version has not changed: what a person has typed, opened or
 * scrolled inside it stays. `items` are `{ key, version, draw }`.
 */
export function keyed(container, items) {
  const known = container.known ?? new Map();
  const next = new Map();
  for (const item of items) {
    const old = known.get(item.key);
    next.set(item.key, old?.version === item.version ? old : { version: item.version, node: item.draw() });
  }
  container.known = next;
  const wanted = [...next.values()].map((each) => each.node);
  for (const child of [...container.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((node, index) => {
    if (container.children[index] !== node) container.insertBefore(node, container.children[index] ?? null);
  });
}

const OPENERS = new Set();
document.addEventListener("pointerdown", (event) => {
  for (const { menu, opener, close } of [...OPENERS]) {
    if (!menu.contains(event.target) && !opener.contains(event.target)) close();
  }
});

function placeAt(menu, opener) {
  const box = opener.getBoundingClientRect();
  const height = menu.offsetHeight;
  const below = box.bottom + height + 8 < window.innerHeight;
  const left = Math.max(8, Math.min(box.left, window.innerWidth - menu.offsetWidth - 8));
  menu.style.left = `${left}px`;
  menu.style.top = below ? `${box.bottom + 4}px` : `${Math.max(8, box.top - height - 4)}px`;
}

/** Shows `menu` below (or, without room, above) `opener` until something else is clicked or Escape is pressed. */
export function popover(opener, menu, closed = () => {}) {
  document.body.append(menu);
  placeAt(menu, opener);
  // A list that is still filling grows after it was placed.
  const growing = new ResizeObserver(() => placeAt(menu, opener));
  growing.observe(menu);
  const entry = { menu, opener, close: undefined };
  const onKey = (event) => {
    if (event.key === "Escape") entry.close();
  };
  entry.close = () => {
    OPENERS.delete(entry);
    growing.disconnect();
    document.removeEventListener("keydown", onKey, true);
    menu.remove();
    closed();
  };
  document.addEventListener("keydown", onKey, true);
  OPENERS.add(entry);
  return entry.close;
}
