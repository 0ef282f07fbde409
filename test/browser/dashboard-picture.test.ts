import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runChromium } from './chromium.ts';

const ROOT = join(import.meta.dirname, '../..');
const PICTURE = readFileSync(join(ROOT, 'docs/dashboard.svg'), 'utf8');
const DASHBOARD = readFileSync(join(ROOT, 'deploy/chart/files/dashboard/jwt-injector.json'), 'utf8');
/** Width of the drawing in CSS pixels; a page shows it smaller. */
const WIDTH = 1200;

/** Gives the title and frame of each panel, and its words with their positions. */
const PAGE = `<!doctype html><body style="margin:0;width:${WIDTH}px">${PICTURE}
<script>onload = () => {
  const place = (item) => { const { left, top, right, bottom } = item.getBoundingClientRect(); return { left, top, right, bottom }; };
  document.title = JSON.stringify([...document.querySelectorAll('svg > g')].map((panel) => ({
    frame: place(panel.querySelector('rect')),
    words: [...panel.querySelectorAll('text')].map((item) => ({ text: item.textContent, ...place(item) })),
    drawn: panel.querySelectorAll('path, polyline').length,
  })));
}</script>`;

interface Place {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Drawn {
  readonly frame: Place;
  readonly words: readonly (Place & { readonly text: string })[];
  readonly drawn: number;
}

describe('the picture of the dashboard in Chromium', () => {
  it('has every panel of the dashboard, with its title, and nothing reaches out of a frame', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'jwt-dashboard-'));
    const file = join(folder.path, 'page.html');
    await writeFile(file, PAGE);
    const args = ['--dump-dom', `--window-size=${WIDTH},2000`, '--virtual-time-budget=5000'];
    const dom = await runChromium(join(folder.path, 'profile'), [...args, pathToFileURL(file).href]);
    const title = /<title>(.*?)<\/title>/s.exec(dom)?.[1] ?? '';
    const panels = JSON.parse(
      title.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
    ) as Drawn[];
    const { panels: wanted } = JSON.parse(DASHBOARD) as {
      readonly panels: readonly { readonly title: string; readonly type: string }[];
    };
    assert.deepEqual(
      panels.map(({ words }) => words[0]?.text),
      wanted.map((panel) => panel.title),
    );
    const outside = panels.flatMap(({ frame, words }) =>
      words.filter(
        ({ left, top, right, bottom }) =>
          left < frame.left || right > frame.right || top < frame.top || bottom > frame.bottom + 1,
      ),
    );
    assert.deepEqual(outside, []);
    for (const [index, { words, drawn }] of panels.entries())
      assert.ok(drawn > 0 || words.length > 1, `${wanted[index]?.title} shows nothing`);
    assert.ok(panels.every(({ frame }) => frame.right <= WIDTH && frame.right > frame.left));
  });
});
