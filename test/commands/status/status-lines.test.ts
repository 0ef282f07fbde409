import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { HeldFile } from '../../../src/commands/status/held-token.ts';
import { readJwtState, type JwtState } from '../../../src/commands/status/jwt-state.ts';
import type { PodMounts } from '../../../src/commands/status/pod-mounts.ts';
import { describeInLine, describeStatus, drawBar } from '../../../src/commands/status/status-lines.ts';
import { isAllWell, reportStatus } from '../../../src/commands/status/status-report.ts';
import { jwtFor } from '../../../src/commands/keygen/manifests.ts';
import { wireJwt } from '../../fixtures/jwts.ts';
import { at, makePod, stamp } from './status-pods.ts';

const NOW = at('12:00:30');

function jwt(
  name: string,
  status: Record<string, unknown> | undefined,
  reason = 'Signed',
  message = '',
): JwtState {
  const ready = { type: 'Ready', status: reason === 'Signed' ? 'True' : 'False', reason, message };
  const wire = { metadata: { name }, ...(status && { status: { conditions: [ready], ...status } }) };
  const state = readJwtState(wireJwt({}, wire));
  assert.ok(state);
  return state;
}

const times = (issuedAt: string, renewsAt: string, expiresAt: string) => ({
  tokenId: 'an-id',
  issuedAt: stamp(issuedAt),
  renewsAt: stamp(renewsAt),
  expiresAt: stamp(expiresAt),
});

const ALL: readonly JwtState[] = [
  jwt('my-jwt', times('12:00:00', '13:00:00', '14:00:00')),
  jwt('late', times('11:00:00', '12:00:00', '12:20:30')),
  jwt(
    'gone',
    times('10:00:00', '11:00:00', '11:55:30'),
    'KeyNotFound',
    'key Secret science/k does not exist',
  ),
  jwt('new', undefined),
];

const SUB_PATH = [{ name: 'token', mountPath: '/token', subPath: 'token' }];
const PODS: readonly PodMounts[] = [
  makePod({ name: 'web-2', started: '12:00:10' }),
  makePod({ name: 'web-1' }),
  makePod({ name: 'old', mounts: SUB_PATH }),
  makePod({ name: 'next', phase: 'Pending' }),
];

function screen(
  jwts: readonly JwtState[],
  pods: readonly PodMounts[] | undefined,
  notes: readonly string[] = [],
  namespace?: string,
) {
  const report = reportStatus({ jwts, pods, namespace, notes }, NOW);
  return describeStatus(report, NOW, (_style, text) => text).join('\n');
}

describe('the screen of status', () => {
  it('shows tokens in the order of their expiry, with the pods that mount them', () => {
    assert.equal(
      screen(ALL, PODS),
      `
JWT             READY    REASON       EXPIRES                   NEXT RENEWAL
science/new     Pending               no token                  none planned
  jwt-injector has not processed it yet
  no pod mounts it
science/gone    False    KeyNotFound  ░░░░░░░░░░ 5 min ago      due for 1 h 30 s
  key Secret science/k does not exist
  no pod mounts it
science/late    True     Signed       ███░░░░░░░ in 20 min      due for 30 s
  no pod mounts it
science/my-jwt  True     Signed       ██████████ in 1 h 59 min  in 59 min 30 s
  pod next   starting: it gets the current token
  pod old    never refreshed in container main (subPath): it has an older token: re-create the pod, and mount the directory instead
  pod web-1  due by 12:02 UTC
  pod web-2  delivered`.trimStart(),
    );
  });

  it('is in the README as it looks half a minute after the commands before it', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
    const [, shown] = /\$ jwt-injector status\n([^]*?)\n```/.exec(readme) ?? [];
    const plan = { name: 'my-jwt', issuer: '', algorithm: 'ES256', scope: '', subject: '' } as const;
    const { spec } = jwtFor({ ...plan, namespace: undefined }, '');
    assert.deepEqual(Object(spec).expiryTime, { hours: 6 });
    const signed = times('12:00:00', '14:58:00', '18:00:00');
    const pods = [makePod({ name: 'analysis', started: '12:00:10' }), makePod({ name: 'notebook' })];
    assert.equal(screen([jwt('my-jwt', signed)], pods), shown);
  });

  it('says what the caller is not allowed to read', () => {
    const note =
      'you are not allowed to list pods in namespace science: which pods mount a token is not known';
    assert.equal(
      screen([jwt('my-jwt', times('12:00:00', '13:00:00', '14:00:00'))], undefined, [note]),
      `
JWT             READY  REASON  EXPIRES                   NEXT RENEWAL
science/my-jwt  True   Signed  ██████████ in 1 h 59 min  in 59 min 30 s
note: ${note}`.trimStart(),
    );
  });

  it('counts pods when there are many', () => {
    const pods = Array.from({ length: 13 }, (_, index) => makePod({ name: `p-${index + 10}` }));
    const lines = screen([jwt('my-jwt', times('12:00:00', '13:00:00', '14:00:00'))], pods).split('\n');
    assert.equal(lines.length, 13);
    assert.equal(lines.at(-1), '  and 3 more: 3 due by 12:02 UTC');
  });

  it('shows what was read in a pod', () => {
    const main = { container: 'main', path: '/run/token/token', problem: undefined };
    const held = new Map<string, readonly HeldFile[]>([
      ['science/web-1/my-jwt', [{ ...main, token: 'older' }]],
      ['science/web-2/my-jwt', [{ ...main, token: 'present' }]],
      ['science/old/my-jwt', [{ ...main, token: 'unread', problem: 'the command ended with exit code 1' }]],
    ]);
    const jwts = ALL.slice(0, 1);
    const lines = describeStatus(
      reportStatus({ jwts, pods: PODS, namespace: undefined, notes: [], held }, NOW),
      NOW,
      (_style, text) => text,
    );
    assert.deepEqual(lines.slice(3), [
      '  pod old    never refreshed in container main (subPath): it has an older token: re-create the pod, and mount the directory instead; not read in container main: the command ended with exit code 1',
      '  pod web-1  due by 12:02 UTC; read in container main: an older token',
      '  pod web-2  delivered; read in container main: the current token',
    ]);
  });

  it('says where there is no JWT: the namespace may be a wrong one', () => {
    const none = 'no JWT is found in namespace scinece: choose another with -n, or all with -A';
    assert.equal(screen([], [], [], 'scinece'), none);
    assert.equal(screen([], []), 'no JWT is found in any namespace');
    const forbidden = { jwts: [], pods: [], notes: [], namespace: 'science', othersForbidden: true } as const;
    assert.deepEqual(
      describeStatus(reportStatus(forbidden, NOW), NOW, (_style, text) => text),
      ['no JWT is found in namespace science: choose another with -n'],
    );
  });

  it('cuts a long message', () => {
    const lines = screen([jwt('x', {}, 'KeyUnreadable', 'm'.repeat(30_000))], []).split('\n');
    assert.equal(lines[2], `  ${'m'.repeat(300)}…`);
  });

  for (const [percent, bar] of [
    [0, '░░░░░░░░░░'],
    [1, '█░░░░░░░░░'],
    [50, '█████░░░░░'],
    [91, '██████████'],
    [100, '██████████'],
  ] as const) {
    it(`draws a bar of ${percent} %`, () => assert.equal(drawBar(percent), bar));
  }
});

describe('the report of status', () => {
  const report = (jwts: readonly JwtState[]) =>
    reportStatus({ jwts, pods: PODS, namespace: undefined, notes: [] }, NOW);

  it('has all facts for scripts', () => {
    assert.deepEqual(report(ALL.slice(0, 1)).jwts[0], {
      namespace: 'science',
      name: 'my-jwt',
      ready: 'True',
      reason: 'Signed',
      message: '',
      tokenId: 'an-id',
      issuedAt: stamp('12:00:00'),
      expiresAt: stamp('14:00:00'),
      remainingSeconds: 7170,
      remainingPercent: 100,
      renewsAt: stamp('13:00:00'),
      pods: [
        { name: 'next', delivery: 'starting', dueBy: undefined, neverRefreshed: [], files: undefined },
        {
          name: 'old',
          delivery: 'neverRefreshed',
          dueBy: undefined,
          neverRefreshed: [{ container: 'main', token: 'older' }],
          files: undefined,
        },
        { name: 'web-1', delivery: 'due', dueBy: stamp('12:01:30'), neverRefreshed: [], files: undefined },
        { name: 'web-2', delivery: 'delivered', dueBy: undefined, neverRefreshed: [], files: undefined },
      ],
    });
  });

  it('does not count pods of another namespace', () => {
    const [pod] = PODS;
    assert.ok(pod);
    const pods = [{ ...pod, namespace: 'other' }];
    const seen = { jwts: ALL.slice(0, 1), pods, namespace: undefined, notes: [] };
    assert.deepEqual(reportStatus(seen, NOW).jwts[0]?.pods, []);
  });

  it('is ok if every token can be used', () => {
    const [good, late, gone, fresh] = ALL;
    assert.ok(good && late && gone && fresh);
    assert.ok(isAllWell(report([good, late])));
    assert.ok(!isAllWell(report([good, gone])));
    assert.ok(!isAllWell(report([good, fresh])));
    assert.ok(!isAllWell(report([{ ...good, expiresAt: NOW }])), 'expired, whatever the status says');
  });

  for (const [state, line] of [
    [
      ALL[0],
      'science/my-jwt: Ready (Signed); expires 2026-01-01 14:00:00 UTC; next renewal 2026-01-01 13:00:00 UTC; pods: 1 starting, 1 never refreshed, 1 due by 12:02 UTC, 1 delivered',
    ],
    [
      ALL[2],
      'science/gone: not Ready (KeyNotFound); expired 2026-01-01 11:55:30 UTC; next renewal 2026-01-01 11:00:00 UTC',
    ],
    [ALL[3], 'science/new: jwt-injector has not processed it yet'],
  ] as const) {
    it(`has the line: ${line.slice(0, 30)}`, () => {
      assert.ok(state);
      const [status] = report([state]).jwts;
      assert.ok(status);
      assert.equal(describeInLine(status), line);
    });
  }
});
