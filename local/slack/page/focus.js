// Where the keyboard is, so that a redraw does not lose it.

/** What a focused element is known by after its node has been made anew. Undefined: nothing of ours has the focus. */
export function focusKey(element = document.activeElement) {
  if (!element || element === document.body) return undefined;
  const { focus, key, panel, action, value, block } = element.dataset;
  const own =
    focus ??
    key ??
    panel ??
    (action && [action, block, value].join(" ")) ??
    element.getAttribute("aria-label");
  const scope = element.closest("[data-region]")?.dataset.region;
  const ts = element.closest("[data-ts]")?.dataset.ts;
  return { scope, ts, own: own ?? element.textContent, tag: element.tagName };
}

const same = (one, other) =>
  one.scope === other.scope && one.ts === other.ts && one.own === other.own && one.tag === other.tag;

/** The element of that key as it is drawn now; where it is gone, the message it stood in. */
export function findFocus(key) {
  if (key === undefined) return undefined;
  const region = key.scope && document.querySelector(`[data-region="${key.scope}"]`);
  const root = region || document.body;
  const tagged = [...root.querySelectorAll(key.tag)].find((each) => same(focusKey(each), key));
  return tagged ?? (key.ts && root.querySelector(`[data-ts="${key.ts}"]`)) ?? undefined;
}

/** Draws, and puts the keyboard back where it was. */
export function keepingFocus(draw) {
  const before = document.activeElement;
  const key = focusKey(before);
  draw();
  if (key === undefined || (before.isConnected && document.activeElement === before)) return;
  if (document.activeElement && document.activeElement !== document.body) return;
  findFocus(key)?.focus({ preventScroll: true });
}
