const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in SVG. */
export const xml = (text: string): string => text.replace(/[&<>"']/g, (mark) => ENTITIES[mark] ?? mark);

// Widths of DejaVu Sans in thousandths of the font size, rounded up; what is not listed counts as a wide character.
const NARROW = /[ijlI.,:;'|!()[\]{}ftr/\\ -]/;
const BROAD = /[mwMWQO@%&—–…]/;
const widthOf = (character: string): number => {
  if (character.charCodeAt(0) > 0x24f) return BROAD.test(character) ? 1000 : 1050;
  if (NARROW.test(character)) return 420;
  return BROAD.test(character) ? 1000 : 700;
};

/** Upper bound of a text's width in pixels. */
export const measure = (text: string, size: number, bold = false): number =>
  ([...text].reduce((sum, character) => sum + widthOf(character), 0) * size * (bold ? 1.12 : 1)) / 1000;

/** As much of the text as fits into `room` pixels. The end of a name tells more than its middle, so the middle goes. */
export function fits(text: string, size: number, room: number, bold = false): string {
  if (measure(text, size, bold) <= room) return text;
  const characters = [...text];
  for (let keep = characters.length - 1; keep > 1; keep--) {
    const head = Math.ceil(keep / 2);
    const short = `${characters.slice(0, head).join("")}…${characters.slice(characters.length - (keep - head)).join("")}`;
    if (measure(short, size, bold) <= room) return short;
  }
  return "…";
}
