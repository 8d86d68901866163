import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import type { PlotSpec } from "../wanted.ts";
import { drawSvg } from "./svg.ts";

// Without font files resvg draws no text and reports no error.
const fonts = join(dirname(createRequire(import.meta.url).resolve("dejavu-fonts-ttf/package.json")), "ttf");
const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf"].map((name) =>
  join(fonts, name),
);

/** Pixels per unit of the drawing: sharp on a dense display. */
const ZOOM = 2;

/**
 * The chart as PNG, 1520 × 680 pixels. Blocks the event loop for about 90 ms: only a process that serves no door may
 * call it.
 */
export function renderPlot(spec: PlotSpec): Buffer {
  const font = { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" };
  return new Resvg(drawSvg(spec), { fitTo: { mode: "zoom", value: ZOOM }, font }).render().asPng();
}
