// The way to the server and back.
import { begin, changed, state, take } from "./store.js";

const post = async (path, body) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.json();
};

/** Does something for the person the page stands for: `{ ok, result }` or `{ ok: false, error }`. */
export const deed = (name, body) =>
  post(`/_page/${name}`, { user: state.me, ...body }).catch((error) => ({ ok: false, error: error.message }));

/** Presses a button of the panel. */
export const pressPanel = (id) =>
  post(`/_panel/${encodeURIComponent(id)}`, {}).catch((error) => ({ ok: false, text: error.message }));

/** Listens for changes; the browser connects again by itself, and then gets everything anew. */
export function listen(ready) {
  const source = new EventSource("/_page/events");
  let fresh = true;
  source.onopen = () => {
    fresh = true;
  };
  source.onmessage = (event) => {
    if (fresh) state.messages.clear();
    fresh = false;
    const first = state.frame === undefined;
    take(JSON.parse(event.data));
    if (first) {
      begin();
      ready();
    }
    changed();
  };
}
