import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import {
  ADMISSION_DECISIONS,
  ADMISSION_REASONS,
  SIGNATURE_CAUSES,
  STATE_REASONS,
} from '../src/resources/reasons.ts';
import { INJECTION_ANNOTATIONS, PREFIX } from '../src/resources/names.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { AsciiWriter } from '../src/telemetry/ascii-writer.ts';
import { writeTokenSeries } from '../src/telemetry/token-series.ts';
import { GROUPS } from './certificate-changes/changes.ts';
import { FAULTS } from './faults/catalogue.ts';

const ROOT = join(import.meta.dirname, '..');
const ARCHITECTURE = 'docs/architecture.md';
/** Pages that say where things are. */
const PAGES = ['README.md', 'CONTRIBUTING.md', ARCHITECTURE, ...list('docs/adr/*.md')];
/** For example `readSettings` and `InjectionSettings` in `src/admission/annotations/injection-settings.ts`, or `decidePod` (`src/…`). */
const NAMES_IN_FILE =
  /((?:`\w+`(?:,|,? and)?\s+)+)(?:in\s+|of\s+|from\s+|\()`((?:src|test|deploy)\/[\w/.-]+\.(?:ts|yaml))`/g;

function list(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: ROOT }).toSorted();
}

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

/** Whether the name is in the text, and is not imported there from elsewhere. */
function isAtHome(name: string, text: string): boolean {
  const word = new RegExp(`\\b${name}\\b`);
  return word.test(text) && !(text.match(/^import [^;]*;/gm) ?? []).some((line) => word.test(line));
}

/** Several words in quotation marks, outside of code and tables, in a paragraph about the log. */
function logLinesOf(text: string): readonly string[] {
  const paragraphs = text
    .split(/\n{2,}/)
    .filter((part) => /\blogs?\b/.test(part) && !/^(?:\||```| {4})/.test(part));
  return paragraphs.flatMap((part) =>
    [...part.replaceAll(/`[^`]*`/g, '').matchAll(/"([^"]+ [^"]+ [^"]+)"/g)].map(([, line = '']) =>
      line.replaceAll(/\s+/g, ' '),
    ),
  );
}

/** The words in code spans of one column of a page's tables. */
function wordsOf(section: string, column: number): readonly string[] {
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((line) =>
    [...(line.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => word),
  );
}

describe('the documentation', () => {
  it('explains every word of conditions, signatures and decisions, and no other', () => {
    const [, states = '', causes = '', decisions = ''] = read('docs/reasons.md').split('\n## ');
    assert.deepEqual(wordsOf(states, 1).toSorted(), [...STATE_REASONS].toSorted());
    assert.deepEqual(wordsOf(causes, 1).toSorted(), [...SIGNATURE_CAUSES].toSorted());
    assert.deepEqual(wordsOf(decisions, 2).toSorted(), [...ADMISSION_REASONS].toSorted());
    assert.deepEqual([...new Set(wordsOf(decisions, 1))].toSorted(), [...ADMISSION_DECISIONS].toSorted());
  });

  it('explains every annotation on pods, and no other', () => {
    const words = wordsOf(read('docs/injection.md'), 1).map((word) => `${PREFIX}${word}`);
    assert.deepEqual(words.toSorted(), Object.values(INJECTION_ANNOTATIONS).toSorted());
  });

  it('explains every metric, and no other', async () => {
    const [, metrics = ''] = read('docs/monitoring.md').split('\n## ');
    const explained = wordsOf(metrics, 1).map((word) => word.replace(/\{.*/, ''));
    const scraped = await readText(createMetrics().scrape());
    const named = [...scraped.matchAll(/^# TYPE (jwt_injector_\w+)/gm)].map(([, name = '']) => name);
    const out = new AsciiWriter();
    for (const _ of writeTokenSeries(out, 'jwt_injector_', [], () => assert.fail()));
    const perJwt = [
      ...out
        .take()
        .toString()
        .matchAll(/^# TYPE (\w+)/gm),
    ].map(([, name = '']) => name);
    assert.deepEqual(explained.toSorted(), [...named, ...perJwt].toSorted());
  });

  it('shows what was measured of each change of a certificate, and of no other', () => {
    const [, table = ''] = read('docs/certificates.md').split('| change ');
    const rows = [...table.matchAll(/^\| (\S.*?) +\| [\d,]+ +\| \d+ +\|$/gm)];
    const changes = Object.values(GROUPS).flat();
    assert.deepEqual(
      rows.map(([, title = '']) => title.replaceAll('`', '')),
      changes.map(({ title }) => title),
    );
  });

  it('quotes only log lines that the program writes', () => {
    const sources = list('src/**/*.ts').map(read).join('\n');
    const quoted = list('docs/*.md').flatMap((page) =>
      logLinesOf(read(page)).map((line) => ({ page, line })),
    );
    assert.ok(quoted.length >= 2);
    assert.deepEqual(
      quoted.filter(({ line }) => !sources.includes(line)),
      [],
    );
  });

  it('names only scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const page of PAGES) {
      for (const [, script = ''] of read(page).matchAll(/npm run (?:-s )?([\w:-]+)/g))
        assert.ok(Object.hasOwn(scripts, script), `${page} names npm run ${script}`);
    }
  });

  it('says about how many faults there are', () => {
    assert.ok(FAULTS.length > 100 && FAULTS.length < 200, `there are ${FAULTS.length}`);
    for (const page of ['README.md', 'CONTRIBUTING.md'])
      assert.match(read(page), /`npm run faults`.* more than a hundred faults/);
  });

  it('names what CI runs, and nothing else', () => {
    const [, rows = ''] =
      /(\| what CI runs besides [^]*?)\n\| when you touched it/.exec(read('CONTRIBUTING.md')) ?? [];
    const scriptsIn = (text: string): readonly string[] =>
      [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, script = '']) => script).toSorted();
    assert.deepEqual(scriptsIn(rows), scriptsIn(read('.ci/run')));
  });
});

describe('where things are', () => {
  for (const page of PAGES) {
    it(`in ${page}: every path exists`, () => {
      const text = read(page);
      const inCode = [...text.matchAll(/`((?:src|test|deploy|docs|certs)\/[^`\s]*)`/g)].map(
        ([, path = '']) => path,
      );
      const links = [...text.matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g)].map(([, path = '']) =>
        join(dirname(page), path),
      );
      const isPlaceholder = (path: string): boolean =>
        /\b[A-Z]{3,}\b/.test(path) && !existsSync(join(ROOT, path));
      const isGenerated = (path: string): boolean => read('.gitignore').split('\n').includes(`/${path}/`);
      const missing = [...inCode, ...links].filter(
        (path) => !existsSync(join(ROOT, path)) && !isPlaceholder(path) && !isGenerated(path),
      );
      assert.deepEqual(missing, []);
    });
  }

  for (const page of PAGES) {
    it(`in ${page}: every name that is said to be in a file is found there`, () => {
      const pairs = [...read(page).matchAll(NAMES_IN_FILE)].flatMap(([, names = '', file = '']) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ name, file })),
      );
      const wrong = pairs.filter(({ name, file }) => !isAtHome(name, read(file)));
      assert.deepEqual(wrong, []);
    });
  }

  it('include every room of src, in the picture and in the table', () => {
    const text = read(ARCHITECTURE);
    const picture = /```mermaid\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    for (const room of list('src/*')) {
      assert.ok(text.includes(`| [${room}](../${room})`), `no row for ${room}`);
      if (!room.endsWith('.ts'))
        assert.ok(picture.includes(`"${room.slice('src/'.length)}/`), `no ${room} in the picture`);
    }
  });

  it('include every file that imports the Kubernetes client', () => {
    const importing = list('src/**/*.ts').filter((file) => read(file).includes("'@kubernetes/client-node'"));
    const [, section = ''] =
      /## Why the Kubernetes client is our own\n([^]*?)\n\n/.exec(read(ARCHITECTURE)) ?? [];
    const named = [...section.matchAll(/`(src\/[^`]+)`/g)].map(([, file = '']) => file);
    assert.deepEqual(named.toSorted(), importing);
  });

  it('include every decision', () => {
    const index = read('docs/adr/README.md');
    for (const page of list('docs/adr/*.md').filter((name) => !name.endsWith('README.md')))
      assert.ok(
        index.includes(`](${page.slice('docs/adr/'.length)})`),
        `docs/adr/README.md does not name ${page}`,
      );
  });
});

describe('doc comments', () => {
  it('stand before every export of src', () => {
    const bare = list('src/**/*.ts').flatMap((file) => {
      const lines = read(file).split('\n');
      const isBare = (line: string, index: number): boolean => {
        const [, name] = /^export (?:async )?[a-z]+ (\w+)/.exec(line) ?? [];
        const before = lines[index - 1] ?? '';
        const isOverload = before.startsWith(`export function ${name}(`);
        return name !== undefined && !before.endsWith('*/') && !isOverload;
      };
      return lines.filter(isBare).map((line) => `${file}: ${line}`);
    });
    assert.deepEqual(bare, []);
  });
});

describe('lines that the formatter does not wrap have at most 130 columns', () => {
  const wideLines = (files: readonly string[], isProse: RegExp): readonly string[] =>
    files.flatMap((file) =>
      read(file)
        .split('\n')
        .map((line, index) => ({ line, where: `${file}:${index + 1}` }))
        .filter(({ line }) => line.length > 130 && isProse.test(line))
        .map(({ where }) => where),
    );

  it('in comments of src', () =>
    assert.deepEqual(wideLines(list('src/**/*.ts'), /^\s*(?:\/\*\*|\*|\/\/)/), []));

  it('in pages for those who continue this work: neither tables nor code', () => {
    const pages = ['CONTRIBUTING.md', ARCHITECTURE, ...list('docs/adr/*.md')];
    assert.deepEqual(wideLines(pages, /^(?!\||    )/), []);
  });
});
