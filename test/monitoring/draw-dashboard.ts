import type { Panel, Shown, ShownPanel, Thresholds } from './dashboard.ts';

/** Pixels of one of Grafana's grid cells. */
const CELL = { width: 50, height: 30 };
const GAP = 6;
const MAX_POINTS = 90;
const COLOURS = ['#3274d9', '#e0752d', '#37872d', '#a352cc', '#c4162a', '#8f6b00', '#1f8f8f', '#737373'];
/** Grafana's names of colours, in shades that are readable on white. */
const NAMED: Readonly<Record<string, string>> = {
  text: '#24292e',
  green: '#37872d',
  orange: '#e0752d',
  red: '#c4162a',
};
const FONT = 'font-family="Helvetica, Arial, sans-serif"';

/** A picture of the dashboard as SVG, with the results of its queries, drawn without Grafana. */
export function drawDashboard(panels: readonly ShownPanel[]): string {
  const bottom = Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h));
  const size = `${24 * CELL.width} ${bottom * CELL.height}`;
  const drawn = panels.map(drawPanel).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size}" ${FONT}>
<rect width="100%" height="100%" fill="#f4f5f5"/>
${drawn}
</svg>
`;
}

function drawPanel({ panel, shown }: ShownPanel): string {
  const { x, y, w, h } = panel.gridPos;
  const width = w * CELL.width - GAP;
  const height = h * CELL.height - GAP;
  const content = { stat: drawNumber, timeseries: drawLines, table: drawRows }[panel.type];
  return `<g transform="translate(${x * CELL.width + GAP / 2} ${y * CELL.height + GAP / 2})">
<rect width="${width}" height="${height}" rx="3" fill="#fff" stroke="#d5d7da"/>
${write(10, 18, panel.title, 'font-size="13" font-weight="bold" fill="#24292e"')}
${content(shown, panel.fieldConfig.defaults, width, height)}
</g>`;
}

type Defaults = Panel['fieldConfig']['defaults'];

function drawNumber(
  shown: readonly Shown[],
  { unit, thresholds }: Defaults,
  width: number,
  height: number,
): string {
  const value = shown[0]?.values.at(-1)?.[1] ?? 0;
  const style = `font-size="34" fill="${colourFrom(thresholds, value)}" text-anchor="middle"`;
  return write(width / 2, height / 2 + 24, withUnit(value, unit), style);
}

/** The colour as Grafana chooses it: that of the last step that the value has reached. */
function colourFrom(thresholds: Thresholds | undefined, value: number): string {
  const step = thresholds?.steps.findLast((one) => one.value === null || one.value <= value);
  return NAMED[step?.color ?? 'text'] ?? '#000';
}

function drawRows(shown: readonly Shown[], _defaults: Defaults, width: number): string {
  return shown
    .map(({ name }, row) =>
      write(14, 44 + 20 * row, name.slice(0, width / 7), 'font-size="12" fill="#24292e"'),
    )
    .join('\n');
}

function drawLines(shown: readonly Shown[], { unit }: Defaults, width: number, height: number): string {
  const all = shown.flatMap(({ values }) => values);
  const area = { left: 70, top: 32, right: width - 12, bottom: height - 34 };
  const [from, to] = [Math.min(...all.map(([at]) => at)), Math.max(...all.map(([at]) => at))];
  const low = Math.min(0, ...all.map(([, value]) => value));
  const most = Math.max(...all.map(([, value]) => value));
  const high = most > low ? most : low + 1;
  const place = ([at, value]: readonly [number, number]): string => {
    const across = area.left + ((at - from) / (to - from || 1)) * (area.right - area.left);
    const up = area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
    return `${across.toFixed(1)},${up.toFixed(1)}`;
  };
  const axis = [low, (low + high) / 2, high].map((value) => {
    const y = Number(place([from, value]).split(',')[1]);
    const line = `<path d="M${area.left} ${y}H${area.right}" stroke="#e4e7e7"/>`;
    return (
      line +
      write(area.left - 6, y + 4, withUnit(value, unit), `font-size="11" fill="#6a737b" text-anchor="end"`)
    );
  });
  const lines = shown.map(({ values }, index) => {
    const step = Math.ceil(values.length / MAX_POINTS);
    const points = values.filter((_, at) => at % step === 0).map(place);
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour(index)}" stroke-width="1.6"/>`;
  });
  const legend = shown.map(({ name }, index) => {
    const column = area.left + (index * (area.right - area.left)) / shown.length;
    return write(column, height - 12, name, `font-size="11" fill="${colour(index)}"`);
  });
  return [...axis, ...lines, ...legend].join('\n');
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? '#000';
}

function write(x: number, y: number, text: string, style: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}" ${style}>${escaped}</text>`;
}

/** Grafana's names of units. */
function withUnit(value: number, unit: string): string {
  if (unit === 'percentunit') return `${round(100 * value)} %`;
  if (unit === 'bytes') return `${round(value / 2 ** 20)} MiB`;
  if (unit !== 's') return unit === 'none' ? round(value) : `${round(value)}/s`;
  const seconds = Math.abs(value);
  if (seconds >= 172_800) return `${round(value / 86_400)} d`;
  if (seconds >= 7_200) return `${round(value / 3_600)} h`;
  if (seconds >= 1 || seconds === 0) return `${round(value)} s`;
  return seconds >= 0.001 ? `${round(value * 1_000)} ms` : `${round(value * 1_000_000)} µs`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
