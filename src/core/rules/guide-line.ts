import { type Evidence, text } from "../words/evidence.ts";
import type { OfGuide } from "../words/guide.ts";

/** Where the guide says what a finding is about, as its last evidence; nothing where there is no address. */
export const guideLine = ({ guide }: Pick<OfGuide, "guide">): Evidence[] =>
  guide === undefined ? [] : [text(`Guide: ${guide}`)];
