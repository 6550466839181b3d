/**
 * A grouped bar chart as SVG, made by hand so that every bar carries its number as text: the figures of a chart
 * can be read back and compared with the JSON that it was drawn from. Not a charting library.
 */

/** One bar per series in every group. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  /** What a value is divided by to be read in `unit`; `data-value` keeps the value itself. */
  readonly scale: number;
  readonly groups: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const width = 960;
const height = 420;
const margin = { top: 64, right: 24, bottom: 56, left: 72 };
const colours = ['#64748b', '#0f766e', '#b45309', '#7c3aed'];

/** The chart as an SVG document. Every bar is a `<rect>` with `data-series`, `data-group` and `data-value`. */
export function svgOf(chart: Chart): string {
  const top = Math.max(1, ...chart.series.flatMap((series) => series.values));
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(chart.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${margin.left}" y="28" font-size="17" font-weight="600">${escaped(chart.title)}</text>`,
    ...legend(chart),
    ...axis(chart, top),
    ...chart.groups.flatMap((_, group) => bars(chart, group, top)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function legend(chart: Chart): readonly string[] {
  return chart.series.map((series, i) => {
    const x = margin.left + i * 220;
    return `<rect x="${x}" y="40" width="12" height="12" fill="${colour(i)}"/><text x="${x + 18}" y="50">${escaped(series.name)}</text>`;
  });
}

function axis(chart: Chart, top: number): readonly string[] {
  const lines = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const y = yOf(share * top, top);
    const text = `<text x="${margin.left - 8}" y="${y + 4}" text-anchor="end">${label((share * top) / chart.scale)}</text>`;
    return `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y}" y2="${y}" stroke="#e2e8f0"/>${text}`;
  });
  return [...lines, `<text x="${margin.left}" y="${height - 10}" fill="#475569">${escaped(chart.unit)}</text>`];
}

function bars(chart: Chart, group: number, top: number): readonly string[] {
  const slot = (width - margin.left - margin.right) / chart.groups.length;
  const barWidth = (slot * 0.8) / chart.series.length;
  const start = margin.left + group * slot + slot * 0.1;
  const name = chart.groups[group] ?? '';
  const drawn = chart.series.map((series, i) => {
    const value = series.values[group] ?? 0;
    const x = start + i * barWidth;
    const y = yOf(value, top);
    const rect = `<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(barWidth - 2).toFixed(1)}" height="${(yOf(0, top) - y).toFixed(1)}" fill="${colour(i)}" data-series="${escaped(series.name)}" data-group="${escaped(name)}" data-value="${value}"/>`;
    return `${rect}<text x="${(x + barWidth / 2).toFixed(1)}" y="${(y - 4).toFixed(1)}" text-anchor="middle" font-size="10">${label(value / chart.scale)}</text>`;
  });
  return [...drawn, `<text x="${(start + slot * 0.4).toFixed(1)}" y="${height - margin.bottom + 18}" text-anchor="middle">${escaped(name)}</text>`];
}

function yOf(value: number, top: number): number {
  return height - margin.bottom - (value / top) * (height - margin.top - margin.bottom);
}

function label(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function colour(index: number): string {
  return colours[index % colours.length] ?? '#000000';
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${String(letter.charCodeAt(0))};`);
}
