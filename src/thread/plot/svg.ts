import { scaleLinear, scaleUtc } from "d3-scale";
import { line } from "d3-shape";
import { utcFormat } from "d3-time-format";
import { literal } from "../../slack/escape.ts";
import type { PlotSpec } from "../wanted.ts";
import { type DrawnSeries, pickSeries, sayValue, thresholdOf } from "./describe.ts";
import { drawLegend, legendRows, ROW_HEIGHT } from "./legend.ts";
import { fits, measure, xml } from "./text.ts";

export const WIDTH = 760;
export const HEIGHT = 340;
const COLOURS = ["#4269d0", "#efb118", "#ff725c", "#3ca951", "#a463f2", "#6cc5b0", "#9c6b4e", "#97bbf5"];
const MARGIN = { left: 68, right: 20, top: 46 };

type Frame = ReturnType<typeof frameOf>;

/** The chart as SVG: same data, same text, to the byte. Times are UTC. */
export function drawSvg(spec: PlotSpec): string {
  const { shown, hidden } = pickSeries(spec);
  const frame = frameOf(spec, shown, legendRows(shown, hidden));
  const title = fits(literal(spec.title, 200), 15, WIDTH - 28, true);
  const isEmpty = shown.every((series) => series.last === undefined);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="DejaVu Sans" font-size="11" fill="#555">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="14" y="26" font-size="15" font-weight="bold" fill="#1d1c1d">${xml(title)}</text>`,
    isEmpty ? "" : drawAxes(frame, spec.unit),
    shown.map((series, i) => drawSeries(series, colour(i), frame)).join(""),
    isEmpty ? "" : drawThreshold(spec, frame),
    isEmpty
      ? `<text x="${WIDTH / 2}" y="${(MARGIN.top + frame.bottom) / 2}" font-size="14" text-anchor="middle">no data</text>`
      : "",
    drawLegend(
      shown.map(({ name }, i) => ({ name, colour: colour(i) })),
      hidden,
      frame.bottom + 40,
    ),
    "</svg>",
  ].join("");
}

const colour = (i: number): string => COLOURS[i % COLOURS.length] ?? "#4269d0";
const px = (value: number): string => value.toFixed(2);

function frameOf(spec: PlotSpec, shown: readonly DrawnSeries[], rows: number) {
  const bottom = HEIGHT - 36 - rows * ROW_HEIGHT;
  const times = shown.flatMap(({ points }) => points.map(([time]) => time));
  const values = shown.flatMap(({ points }) =>
    points.flatMap(([, value]) => (value === null ? [] : [value])),
  );
  const threshold = thresholdOf(spec);
  const limits = threshold === undefined ? values : [...values, threshold];
  const least = limits.reduce((a, b) => Math.min(a, b), 0);
  const most = limits.reduce((a, b) => Math.max(a, b), least);
  const from = times.reduce((a, b) => Math.min(a, b), times[0] ?? 0);
  const to = times.reduce((a, b) => Math.max(a, b), from);
  const [earlier, later] = from === to ? [from - 60_000, to + 60_000] : [from, to];
  return {
    bottom,
    x: scaleUtc([earlier, later], [MARGIN.left, WIDTH - MARGIN.right]),
    y: scaleLinear(
      [least, most === least ? least + 1 : most + (most - least) * 0.05],
      [bottom, MARGIN.top],
    ).nice(5),
    days: (later - earlier) / 86_400_000,
  };
}

function drawAxes({ x, y, bottom, days }: Frame, unit: PlotSpec["unit"]): string {
  const right = WIDTH - MARGIN.right;
  const values = valueTicks(y, unit).map(({ value, label }) => {
    const rule = `<path d="M${MARGIN.left} ${px(y(value))}H${right}" stroke="#e8e8e8"/>`;
    return `${rule}<text x="${MARGIN.left - 8}" y="${px(y(value) + 4)}" text-anchor="end">${xml(label)}</text>`;
  });
  const say = utcFormat(
    days > 200 ? "%Y-%m-%d" : days > 1 ? "%d %b %H:%M" : days < 0.007 ? "%H:%M:%S" : "%H:%M",
  );
  const times = x.ticks(days > 1 ? 5 : 7).map((time) => {
    const half = measure(say(time), 11) / 2;
    const middle = Math.max(42 + half, Math.min(WIDTH - 4 - half, x(time)));
    const mark = `<path d="M${px(x(time))} ${bottom}v5" stroke="#999"/>`;
    return `${mark}<text x="${px(middle)}" y="${bottom + 18}" text-anchor="middle">${say(time)}</text>`;
  });
  const base = `<path d="M${MARGIN.left} ${bottom}H${right}" stroke="#999"/>`;
  return [...values, ...times, base, `<text x="14" y="${bottom + 18}">UTC</text>`].join("");
}

/** Round values in the unit people read: bytes are round in powers of 1024. Two ticks never say the same. */
function valueTicks(y: Frame["y"], unit: PlotSpec["unit"]): { value: number; label: string }[] {
  const [least = 0, most = 1] = y.domain();
  const size = Math.max(Math.abs(least), Math.abs(most));
  const scale = unit === "bytes" && size >= 1024 ? 1024 ** Math.floor(Math.log2(size) / 10) : 1;
  const ticks = scaleLinear([least / scale, most / scale], [0, 1])
    .ticks(5)
    .map((value) => ({ value: value * scale, label: value === 0 ? "0" : sayValue(value * scale, unit) }));
  return ticks.filter(({ label }, i) => label !== ticks[i - 1]?.label);
}

/** The line breaks at a gap; a point between two gaps is a dot, or nobody would see it. */
function drawSeries({ points }: DrawnSeries, stroke: string, { x, y }: Frame): string {
  const path = line<readonly [number, number | null]>()
    .defined(([, value]) => value !== null)
    .x(([time]) => x(time))
    .y(([, value]) => y(value ?? 0))
    .digits(2);
  const lonely = points.flatMap(([time, value], i) =>
    value !== null && (points[i - 1]?.[1] ?? null) === null && (points[i + 1]?.[1] ?? null) === null
      ? [`<circle cx="${px(x(time))}" cy="${px(y(value))}" r="2" fill="${stroke}"/>`]
      : [],
  );
  const drawn = path(points);
  const curve =
    drawn === null
      ? ""
      : `<path d="${drawn}" fill="none" stroke="${stroke}" stroke-width="1.6" stroke-linejoin="round"/>`;
  return curve + lonely.join("");
}

function drawThreshold(spec: PlotSpec, { y }: Frame): string {
  const threshold = thresholdOf(spec);
  if (threshold === undefined) return "";
  const at = y(threshold);
  const label = `threshold ${sayValue(threshold, spec.unit)}`;
  return (
    `<path d="M${MARGIN.left} ${px(at)}H${WIDTH - MARGIN.right}" stroke="#d33" stroke-dasharray="5 4"/>` +
    `<text x="${MARGIN.left + 6}" y="${px(at - 5)}" fill="#d33" stroke="#fff" stroke-width="4" stroke-linejoin="round" paint-order="stroke">${xml(label)}</text>`
  );
}
