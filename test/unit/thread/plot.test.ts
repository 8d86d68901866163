import { Resvg } from "@resvg/resvg-js";
import { describe, expect, it } from "vitest";
import { sayValue } from "../../../src/thread/plot/describe.ts";
import { renderPlot } from "../../../src/thread/plot/render.ts";
import { drawSvg, HEIGHT, WIDTH } from "../../../src/thread/plot/svg.ts";
import { measure } from "../../../src/thread/plot/text.ts";
import type { PlotSpec } from "../../../src/thread/wanted.ts";

const spec = (names: readonly string[], more: Partial<PlotSpec> = {}): PlotSpec => ({
  kind: "series",
  title: "Latency by pod",
  unit: "seconds",
  threshold: 0.5,
  series: names.map((name, k) => ({
    name,
    points: Array.from({ length: 50 }, (_, i) => [
      1_795_000_000 + i * 60,
      i > 20 && i < 25 ? null : 0.1 * k + Math.sin(i) ** 2,
    ]),
  })),
  ...more,
});

const legendOf = (svg: string) =>
  [...svg.matchAll(/stroke-width="3"\/><text x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)<\/text>/g)].map(
    ([, x, y, text]) => ({
      x: Number(x),
      y: Number(y),
      text: text!,
    }),
  );

/** Dark pixels where the title stands. */
function darkInTitle(svg: string): number {
  const { pixels, width } = new Resvg(svg, { font: { loadSystemFonts: false } }).render();
  const spots = Array.from({ length: 120 * 20 }, (_, i) => ({
    x: 14 + (i % 120),
    y: 10 + Math.floor(i / 120),
  }));
  return spots.filter(({ x, y }) => (pixels[(y * width + x) * 4] ?? 255) < 100).length;
}

describe("charts", () => {
  it("are the same to the byte and twice the size", () => {
    const png = renderPlot(spec(["api", "worker"]));
    expect(png.equals(renderPlot(spec(["api", "worker"])))).toBe(true);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([WIDTH * 2, HEIGHT * 2]);
  });

  it("have text: without its font files resvg draws none and says nothing", () => {
    expect(darkInTitle(drawSvg(spec(["api"])))).toBe(0);
    const href = `data:image/png;base64,${renderPlot(spec(["api"])).toString("base64")}`;
    const size = `width="${WIDTH}" height="${HEIGHT}"`;
    const shown = `<svg xmlns="http://www.w3.org/2000/svg" ${size}><image ${size} href="${href}"/></svg>`;
    expect(darkInTitle(shown)).toBeGreaterThan(100);
  });

  it("break at gaps", () => {
    const path = /<path d="(M[^"]+)" fill="none"/.exec(drawSvg(spec(["api"])))?.[1] ?? "";
    expect(path.match(/M/g)).toHaveLength(2);
  });

  it("show the eight highest series and count the rest", () => {
    const svg = drawSvg(spec(Array.from({ length: 11 }, (_, i) => `pod-${i}`)));
    expect(svg).toContain(">and 3 more<");
    expect(svg).toContain(">pod-10<");
    expect(svg).not.toContain(">pod-0<");
  });

  it("never let two legend entries meet, whatever the names", () => {
    for (const name of ["a", "W".repeat(200), "checkout-7d9f8c6b5-abcde", "漢字".repeat(60)]) {
      const legend = legendOf(drawSvg(spec(Array.from({ length: 8 }, (_, i) => `${name}${i}`))));
      expect(legend).toHaveLength(8);
      for (const one of legend) {
        expect(one.x + measure(one.text, 11)).toBeLessThanOrEqual(WIDTH);
        for (const other of legend)
          if (other.y === one.y && other.x > one.x)
            expect(one.x + measure(one.text, 11)).toBeLessThan(other.x);
      }
    }
  });

  it("escape names and titles", () => {
    const svg = drawSvg(spec(['<script>"&'], { title: "</svg><script>" }));
    expect(svg).not.toContain("<script>");
    expect(svg).toContain("&lt;script&gt;&quot;&amp;");
  });

  it("say that there is no data", () => {
    expect(drawSvg(spec([]))).toContain(">no data<");
  });

  it("say values in their unit", () => {
    expect([
      sayValue(0.04, "seconds"),
      sayValue(0.97, "ratio"),
      sayValue(1536, "bytes"),
      sayValue(12_345, "count"),
      sayValue(3.21, "per second"),
    ]).toEqual(["40 ms", "97 %", "1.5 KiB", "12,345", "3.2/s"]);
  });
});
