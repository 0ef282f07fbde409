import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createScreen } from '../../../src/commands/status/screen.ts';
import { readJwtState } from '../../../src/commands/status/jwt-state.ts';
import { reportStatus, type StatusReport } from '../../../src/commands/status/status-report.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { at } from './status-pods.ts';

const NOW = at('12:00:00');

function report(names: readonly string[], notes: readonly string[] = []): StatusReport {
  const jwts = names.map((name) => readJwtState(wireJwt({}, { metadata: { name } })));
  return reportStatus(
    { jwts: jwts.filter((jwt) => jwt !== undefined), pods: [], namespace: 'science', notes },
    NOW,
  );
}

/** The output for these reports, one after the other. */
function show(
  reports: readonly StatusReport[],
  {
    output = 'human',
    ...terminal
  }: { output?: 'human' | 'json' | 'yaml'; isTTY?: boolean; rows?: number } = {},
): readonly string[] {
  const printed: string[] = [];
  const screen = createScreen(
    { stdout: { write: (text: string) => printed.push(text), ...terminal } },
    output,
  );
  for (const each of reports) screen.show(each, NOW);
  return printed;
}

const A = 'science/a: jwt-injector has not processed it yet';
const B = 'science/b: jwt-injector has not processed it yet';
const AT = '2026-01-01T12:00:00Z';

describe('status --watch', () => {
  it('prints a line for each change, and for nothing else', () => {
    const reports = [
      report(['a']),
      report(['a']),
      report(['a', 'b']),
      report(['b']),
      report(['b'], ['x y']),
      report(['b']),
    ];
    assert.deepEqual(show(reports), [
      `${AT} ${A}\n`,
      `${AT} ${B}\n`,
      `${AT} science/a: deleted\n`,
      `${AT} note: x y\n`,
    ]);
  });

  it('prints lines of JSON, or documents of YAML, for scripts', () => {
    const [first = '', second = ''] = show([report(['a']), report([])], { output: 'json' });
    assert.deepEqual(JSON.parse(first), JSON.parse(JSON.stringify(report(['a']).jwts[0])));
    assert.deepEqual(JSON.parse(second), { namespace: 'science', name: 'a', deleted: true });
    assert.ok(!first.trimEnd().includes('\n'));
    const yaml = show([report(['a'])], { output: 'yaml', isTTY: true }).join('');
    assert.match(yaml, /^---\nnamespace: science\nname: a\n/);
  });

  it('redraws a terminal each time, with no more lines than it has', () => {
    const names = Array.from({ length: 20 }, (_, index) => `jwt-${index}`);
    const printed = show([report(names, ['a note'])], { isTTY: true, rows: 10 });
    assert.deepEqual([printed[0], printed[2]], ['\u001B[H\u001B[2J\u001B[?7l', '\u001B[?7h']);
    const lines = (printed[1] ?? '').split('\n');
    assert.equal(lines[0], `jwt-injector status at ${AT}; Ctrl-C ends it`);
    assert.equal(lines.length, 10, 'nine lines, and the cursor below');
    assert.deepEqual(lines.slice(7), ['… and 55 lines more', 'note: a note', '']);
  });
});
