import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { version: VERSION } = JSON.parse(read('package.json')) as { readonly version: string };

/**
 * Other files with the version, and the text before each. CONTRIBUTING.md lists the same files for a release.
 */
const PLACES: Readonly<Record<string, readonly RegExp[]>> = {
  'package-lock.json': [/^ {2}"version": "(.*)"/m, /^ {4}"": \{\n.*\n {6}"version": "(.*)"/m],
  'deploy/chart/Chart.yaml': [/^version: (.*)$/m, /^appVersion: (.*)$/m],
  'deploy/kustomize/default/kustomization.yaml': [/newTag: (.*)$/m],
  Dockerfile: [/^ARG VERSION=(.*)$/m],
  'README.md': [/jwt-injector:(\d[\w.-]*)/g],
  'docs/install.md': [/jwt-injector:(\d[\w.-]*)/g],
  'deploy/release': [/jwt-injector:(\d[\w.-]*)/g, /\$image:(\d[\w.-]*)/g],
};

describe('the version', () => {
  it('is a semantic one', () => assert.match(VERSION, /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/));

  for (const [file, patterns] of Object.entries(PLACES)) {
    it(`of package.json is that of ${file}`, () => {
      for (const pattern of patterns) {
        const all = new RegExp(pattern, [...new Set(`${pattern.flags}g`)].join(''));
        const found = [...read(file).matchAll(all)].map(([, version]) => version);
        assert.ok(found.length > 0, `${pattern}: nothing found`);
        assert.deepEqual([...new Set(found)], [VERSION], String(pattern));
      }
    });

    it(`in ${file} is listed in the description of a release`, () => {
      const [, release = ''] = read('CONTRIBUTING.md').split('\n## Release\n');
      assert.ok(release.includes(`\`${file}\``));
    });
  }

  it('has a section in the changelog, or is not released yet', () => {
    const [, newest] = /^## (\S+)/m.exec(read('CHANGELOG.md')) ?? [];
    assert.ok(newest === 'Unreleased' || newest === VERSION, newest);
  });
});
