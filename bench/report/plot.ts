// The ratios as a picture: a line for each figure, a dot for each proxy, on a logarithmic scale. SVG without scripts or
// fonts, readable on light and dark ground.

import { type Line, linesOf } from "./cell.ts";
import type { BenchResult } from "./result.ts";

const WIDTH = 860;
const LEFT = 300;
const RIGHT = 30;
const TOP = 92;
const LINE_HEIGHT = 30;
const BOTTOM = 40;
const LEGEND_COLUMNS = 4;
const TICKS = [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32];
/** Told apart by people who do not see all colours, too (Okabe and Ito), and by their shapes. */
const COLOURS = ["#0072b2", "#56b4e9", "#009e73", "#6fbf8f", "#e69f00", "#d55e00", "#cc79a7", "#999999"];

const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2328}.faint{stroke:#d0d7de}.one{stroke:#57606a}.note{font-size:12px;fill:#57606a}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.faint{stroke:#30363d}.one{stroke:#8b949e}.note{fill:#8b949e}}`;

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function ratiosOf({ cells }: Line): number[] {
  return Object.values(cells).flatMap(({ ratio }) => ratio ?? []);
}

/** The plot of a run; undefined if it has no ratios. */
export function plotOf(result: BenchResult): string | undefined {
  const lines = linesOf(result).filter((line) => line.row.as === "ratio" && ratiosOf(line).length > 1);
  if (lines.length === 0) return undefined;
  const all = [1, ...lines.flatMap(ratiosOf)];
  const least = Math.min(...all) / 1.15;
  const most = Math.max(...all) * 1.15;
  const x = (ratio: number): number =>
    LEFT + (Math.log(ratio / least) / Math.log(most / least)) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + lines.length * LINE_HEIGHT;

  const ticks = TICKS.filter((tick) => tick >= least && tick <= most).map((tick) => {
    const at = x(tick).toFixed(1);
    return `<line class="${tick === 1 ? "one" : "faint"}" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${bottom}"/><text class="note" x="${at}" y="${bottom + 18}" text-anchor="middle">${tick}</text>`;
  });
  const legend = result.peers.map(({ name, title }, index) => {
    const left = 16 + (index % LEGEND_COLUMNS) * 208;
    const top = 46 + Math.floor(index / LEGEND_COLUMNS) * 20;
    return `${mark(name, index, left, top)}<text x="${left + 12}" y="${top + 4}">${escapeXml(title)}</text>`;
  });
  const rows = lines.map(({ row, cells }, at) => {
    const y = TOP + (at + 0.5) * LINE_HEIGHT;
    const dots = result.peers.map(({ name, title }, index) => {
      const ratio = cells[name]?.ratio;
      if (ratio === undefined) return "";
      return `<g><title>${escapeXml(`${title}: ${ratio.toFixed(2)}`)}</title>${mark(name, index, x(ratio), y)}</g>`;
    });
    return `<line class="faint" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/><text x="${LEFT - 14}" y="${y + 4}" text-anchor="end">${escapeXml(row.title)}</text>${dots.join("")}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + BOTTOM}" role="img" aria-label="CPU time per request, as ratios">
<style>${STYLE}</style>
<text x="16" y="24" font-weight="600">CPU time per request, as a ratio to ${escapeXml(result.yardstick)}; less is better</text>
${[...legend, ...ticks, ...rows].join("\n")}
</svg>
`;
}

/** sluice's engines are squares, the others circles. */
function mark(name: string, index: number, x: number, y: number): string {
  const colour = COLOURS[index % COLOURS.length];
  if (name.startsWith("sluice"))
    return `<rect x="${(x - 5).toFixed(1)}" y="${y - 5}" width="10" height="10" fill="${colour}"/>`;
  return `<circle cx="${x.toFixed(1)}" cy="${y}" r="5" fill="${colour}"/>`;
}
