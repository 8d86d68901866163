// Slack's mrkdwn -> a tree of plain objects. Knows nothing of the DOM, so it can be tested without one.

/** Characters that stand for an atom while styles are looked for; foreign text must not hold them. */
const OPEN = "\uE000";
const CLOSE = "\uE001";

const PREFIX = `[\\s([{"'*_~>${CLOSE}—–-]`;
const SUFFIX = `[\\s)\\]}"'.,;:!?*_~<${OPEN}…—–-]`;
const STYLED = new RegExp(`(^|${PREFIX})([*_~])(?=\\S)((?:(?!\\2)[^\\n])*?[^\\s])\\2(?=$|${SUFFIX})`);
const STYLES = { "*": "bold", _: "italic", "~": "strike" };

const CODE = "`([^`\\n]+)`";
const ANGLE = "<([^<>\\n]+)>";
const EMOJI = ":([a-z0-9_+'-]+)(?:::skin-tone-\\d)?:";
const ADDRESS = '\\bhttps?://[^\\s<>|"`]*[^\\s<>|"`.,;:!?)\\]}\'*_~]';
const ATOM = new RegExp(`${CODE}|${ANGLE}|${EMOJI}|(${ADDRESS})`, "g");

/** Slack escapes exactly these three. */
export const unescaped = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const text = (value) => ({ type: "text", text: unescaped(value) });

/** A link only where a browser may be sent; anything else stays text. */
export const link = (url, children) =>
  /^(https?|mailto|tel):/i.test(url)
    ? { type: "link", url, children }
    : { type: "text", text: children[0]?.text ?? url };

function angle(inner) {
  const [target, label] = inner.split("|", 2);
  const id = target.slice(1);
  if (target.startsWith("@")) return { type: "user", id, label: label && unescaped(label) };
  if (target.startsWith("#")) return { type: "channel", id, label: label && unescaped(label) };
  if (target.startsWith("!subteam^"))
    return { type: "group", id: target.slice(9), label: label && unescaped(label) };
  if (target.startsWith("!date^")) {
    const [, seconds, format] = target.split("^");
    return {
      type: "date",
      seconds: Number(seconds),
      format: unescaped(format ?? ""),
      fallback: unescaped(label ?? ""),
    };
  }
  if (target.startsWith("!")) return { type: "broadcast", name: unescaped(label ?? id) };
  const url = unescaped(target);
  if (/^(https?|mailto|tel):/i.test(url))
    return link(url, [{ type: "text", text: unescaped(label ?? target) }]);
  return { type: "text", text: unescaped(`<${inner}>`) };
}

function atoms(source) {
  const kept = [];
  const hold = (node) => `${OPEN}${kept.push(node) - 1}${CLOSE}`;
  const marked = source.replace(ATOM, (whole, code, inner, emoji, address) => {
    if (code !== undefined) return hold({ type: "code", text: unescaped(code) });
    if (inner !== undefined) return hold(angle(inner));
    if (emoji !== undefined) return hold({ type: "emoji", name: emoji, text: whole });
    const url = unescaped(address);
    return hold(link(url, [{ type: "text", text: url }]));
  });
  return { marked, kept };
}

const plainRun = (run, kept) =>
  run
    .split(new RegExp(`(${OPEN}\\d+${CLOSE})`))
    .filter((part) => part !== "")
    .map((part) => (part.startsWith(OPEN) ? kept[Number(part.slice(1, -1))] : text(part)));

function styled(run, kept) {
  const nodes = [];
  let rest = run;
  for (let found = STYLED.exec(rest); found !== null; found = STYLED.exec(rest)) {
    const [whole, before, mark, inner] = found;
    nodes.push(...plainRun(rest.slice(0, found.index) + before, kept));
    nodes.push({ type: STYLES[mark], children: styled(inner, kept) });
    rest = rest.slice(found.index + whole.length);
  }
  return [...nodes, ...plainRun(rest, kept)];
}

/** One run of text: code, links, mentions, emoji, then bold, italic and strike. */
export function inline(source) {
  const { marked, kept } = atoms(source);
  return styled(marked, kept);
}

const QUOTED = /^(?:&gt;|>)(?!&gt;|>) ?/;

function lines(source) {
  const nodes = [];
  let plain = [];
  let quoted = [];
  const flush = () => {
    if (plain.length > 0) nodes.push(...inline(plain.join("\n")));
    if (quoted.length > 0) nodes.push({ type: "quote", children: inline(quoted.join("\n")) });
    plain = [];
    quoted = [];
  };
  for (const line of source.split("\n")) {
    const isQuote = QUOTED.test(line);
    if (isQuote ? plain.length > 0 : quoted.length > 0) flush();
    if (isQuote) quoted.push(line.replace(QUOTED, ""));
    else plain.push(line);
  }
  flush();
  return nodes;
}

/** mrkdwn -> nodes: `text bold italic strike code pre quote link user channel group broadcast date emoji`. */
export function parseMrkdwn(source) {
  const clean = source.replaceAll(OPEN, "").replaceAll(CLOSE, "");
  const parts = clean.split(/```([\s\S]*?)```/);
  return parts.flatMap((part, index) => {
    if (index % 2 === 1)
      return [{ type: "pre", text: unescaped(part.replace(/^\n/, "").replace(/\n$/, "")) }];
    // The line breaks around a block of code are its own edges, not empty lines.
    const inner = (index > 0 ? part.replace(/^\n/, "") : part).replace(
      index < parts.length - 1 ? /\n$/ : /$^/,
      "",
    );
    return inner === "" ? [] : lines(inner);
  });
}
