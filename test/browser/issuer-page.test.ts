import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jwksCommand } from '../../src/commands/jwks.ts';
import { runCommand } from '../commands/captured-io.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { runChromium } from './chromium.ts';
import { readPng, type Picture } from './png.ts';

const ISSUER = 'https://tokens.a-rather-long-name-of-a-host.example.com/virtual-organisation';
/** Widths in CSS pixels: a small phone, and a desktop window. */
const PHONE = 360;
const DESK = 1000;

/** Measures the page, which has no script of its own, in a frame of this width. */
const MEASURE = `<!doctype html><iframe src="/index.html" style="width:${PHONE}px;height:4000px;border:0"></iframe>
<script>onload = () => {
  const { contentDocument: page } = document.querySelector('iframe');
  const wide = [...page.querySelectorAll('body *')].filter((item) => !item.closest('pre') && item.getBoundingClientRect().right > ${PHONE});
  const loads = [...page.querySelectorAll('[src], link:not([href^="data:"]), script:not([type="application/json"])')];
  document.title = JSON.stringify({ scroll: page.documentElement.scrollWidth, wide: wide.map((item) => item.outerHTML),
    loads: loads.map((item) => item.outerHTML), text: page.body.innerText, font: getComputedStyle(page.body).fontSize });
}</script>`;

interface Measured {
  readonly scroll: number;
  readonly wide: readonly string[];
  readonly loads: readonly string[];
  readonly text: string;
  readonly font: string;
}

describe("an issuer's page in Chromium", () => {
  let folder: string;
  let server: Server;
  let asked: string[];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jwt-page-'));
    const args = ['--key', '-', '--issuer', ISSUER, '--dir', folder];
    for (const [algorithm, kid] of [
      ['ES256', 'autumn-2026-with-a-name-that-is-long-and-has-no-place-to-break-0123456789'],
      ['RS256', 'spring-2027'],
    ] as const) {
      const input = toPem(makeKey(algorithm));
      const { code, err } = await runCommand(jwksCommand, [...args, '--kid', kid], { input });
      assert.equal(code, 0, err);
    }
    const page = await readFile(join(folder, 'index.html'));
    asked = [];
    server = createServer(({ url = '' }, answer) => {
      asked.push(url);
      answer.setHeader('content-type', 'text/html');
      answer.end(url === '/measure.html' ? MEASURE : page);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  const browse = (path: string, ...args: readonly string[]): Promise<string> => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    return runChromium(join(folder, 'profile'), [...args, url]);
  };

  async function look(width: number, ...args: readonly string[]): Promise<Picture> {
    const file = join(folder, 'shot.png');
    await browse('/index.html', `--screenshot=${file}`, `--window-size=${width},1600`, ...args);
    return readPng(await readFile(file));
  }

  it('can be read on a phone: nothing is wider than the screen, and the text is not small', async () => {
    const html = await browse('/measure.html', '--dump-dom', '--virtual-time-budget=5000');
    const [, title = ''] = /<title>(.*?)<\/title>/s.exec(html) ?? [];
    const text = title.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    const measured = JSON.parse(text) as Measured;
    assert.deepEqual([measured.scroll, measured.wide], [PHONE, []]);
    assert.ok(Number.parseFloat(measured.font) >= 16);
    assert.deepEqual(measured.loads, [], 'it is one file');
    for (const words of ['autumn-2026', 'spring-2027', 'RS256', ISSUER, 'base_path = /vo', 'IssuerUrls:'])
      assert.ok(measured.text.includes(words), words);
  });

  it('loads nothing except itself', () => {
    assert.deepEqual(
      asked.filter((url) => !['/index.html', '/measure.html'].includes(url)),
      [],
    );
  });

  for (const [title, args, isLight] of [
    ['light', [], true],
    ['dark', ['--blink-settings=preferredColorScheme=0'], false],
  ] as const) {
    it(`is ${title} like the system, with a readable contrast`, async () => {
      const picture = await look(DESK, ...args);
      const paper = brightness(picture.at(5, 5));
      assert.equal(paper > 200, isLight, `the paper is ${paper}`);
      const ink = headline(picture).map(brightness);
      const contrast = isLight ? paper - Math.min(...ink) : Math.max(...ink) - paper;
      assert.ok(contrast > 150, `the headline differs by ${contrast}`);
    });
  }
});

function brightness([red, green, blue]: readonly [number, number, number]): number {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}

/** All pixels of the first lines. */
function headline(picture: Picture): readonly (readonly [number, number, number])[] {
  const places = Array.from({ length: 120 }, (_, y) =>
    Array.from({ length: picture.width }, (_x, x) => [x, y] as const),
  );
  return places.flat().map(([x, y]) => picture.at(x, y));
}
