import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOfJwt, keepLabelledSecrets } from '../../src/cluster-state/labelled-secrets.ts';
import { Cache } from '../../src/kube/watch/cache.ts';
import { SharedValues } from '../../src/kube/watch/shared-values.ts';
import type { JsonObject } from '../../src/resources/json.ts';
import type { Jwt } from '../../src/resources/jwt.ts';
import { buildClaims } from '../../src/signing/claims.ts';
import { signToken } from '../../src/signing/token.ts';
import { makeJwt } from '../fixtures/jwts.ts';
import { DAY, NOW, readKey, settledJwt } from '../fixtures/observed.ts';

const JWT = makeJwt();
const KEY = `${JWT.namespace}/${JWT.name}`;
const TOKEN = [{ alg: 'ES256' }, { sub: 'me', exp: 1 }]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

function secretOf(resourceVersion: string): JsonObject {
  return {
    metadata: {
      namespace: JWT.namespace,
      name: JWT.name,
      uid: 'secret-uid',
      resourceVersion,
      labels: { 'tokens.osg-htc.org/managed': 'true' },
      annotations: { 'tokens.osg-htc.org/last-signing-time': '1', note: 'n'.repeat(1_000) },
    },
    data: { token: Buffer.from(`${TOKEN}.c2lnbmF0dXJl`).toString('base64'), other: 'eA==' },
  };
}

function keep() {
  const jwts = new Cache<Jwt>();
  const labelled = keepLabelledSecrets(jwts, new SharedValues());
  const changes: string[] = [];
  labelled.cache.subscribe(({ type }) => changes.push(type));
  const list = (secret: JsonObject): void => labelled.cache.set(KEY, '7', labelled.parse(secret));
  const state = (): string => {
    const kept = labelled.cache.get(KEY);
    return kept === undefined ? 'absent' : isOfJwt(kept) ? 'managed' : 'other';
  };
  return { jwts, labelled, changes, list, state };
}

describe('a Secret with our label:', () => {
  it('its data is only read if a JWT of its name exists', () => {
    const all = keep();
    all.list(secretOf('7'));
    assert.equal(all.state(), 'other');
    const text = JSON.stringify(all.labelled.cache.get(KEY));
    assert.ok(!text.includes('ES256') && !text.includes(TOKEN.slice(0, 20)) && text.length < 400, text);
  });

  it('the data that a JWT needs is kept as soon as the Secret was read for it, and no listener is called', () => {
    const all = keep();
    all.list(secretOf('7'));
    all.jwts.set(KEY, '8', JWT);
    assert.equal(all.state(), 'other');
    all.labelled.noteRead(secretOf('6')); // an answer that arrives after a newer one
    assert.equal(all.state(), 'other');
    all.labelled.noteRead(secretOf('7'));
    assert.equal(all.state(), 'managed');
    assert.deepEqual(all.changes, ['added']);
  });

  it('its data is kept from the beginning if the JWT was there first', () => {
    const all = keep();
    all.jwts.set(KEY, '5', JWT);
    all.list(secretOf('7'));
    assert.equal(all.state(), 'managed');
  });

  it('its data is dropped when the JWT is deleted', () => {
    const all = keep();
    all.jwts.set(KEY, '5', JWT);
    all.list(secretOf('7'));
    all.jwts.delete(KEY, '9');
    assert.equal(all.state(), 'other');
    assert.deepEqual(all.labelled.cache.get(KEY), all.labelled.parse(secretOf('7')));
  });

  it('the text of a token that the status of its JWT describes is not kept, checked or not', async () => {
    const { jwts, labelled } = keep();
    const jwt = await settledJwt();
    assert.ok(jwt.spec.ok);
    const claims = buildClaims(jwt.spec.value, NOW, 'the-jti');
    assert.ok(claims.ok);
    const token = await signToken(await readKey(), jwt.spec.value.keyId, claims.value);
    jwts.set(KEY, '5', { ...jwt, recorded: { ...jwt.recorded, expiresAt: NOW + DAY } });
    const kept = labelled.parse({
      ...secretOf('7'),
      data: { token: Buffer.from(token).toString('base64') },
    });
    assert.ok(isOfJwt(kept) && kept.evidence?.facts?.jti === 'the-jti' && kept.evidence.unchecked);
    const [header = '', payload = '', signature = ''] = token.split('.');
    for (const part of [header, payload, signature]) assert.ok(!JSON.stringify(kept).includes(part));
  });

  for (const [title, length, count] of [
    ['very long', 20_000, 1_000],
    ['rather long', 2_900, 10_000],
  ] as const) {
    it(`the texts of ${title} tokens that wait for their check are bounded`, () => {
      const { jwts, labelled } = keep();
      const tokenOf = (sub: string): string =>
        ['{"alg":"ES256"}', JSON.stringify({ sub }), 'signature']
          .map((part) => Buffer.from(part).toString('base64url'))
          .join('.');
      const ordinary = tokenOf('somebody');
      const parse = (token: string, number: number): void => {
        jwts.set(`science/t${number}`, '5', JWT);
        const metadata = { namespace: 'science', name: `t${number}`, uid: 'u', resourceVersion: '7' };
        const kept = labelled.parse({ metadata, data: { token: Buffer.from(token).toString('base64') } });
        labelled.cache.set(`science/t${number}`, '7', kept);
      };
      for (let number = 0; number < count; number += 1) parse(tokenOf('s'.repeat(length)), number);
      for (let number = count; number < count + 1_000; number += 1) parse(ordinary, number);
      const kept = [...labelled.cache.values()].flatMap((each) => {
        if (!isOfJwt(each)) return [];
        const { unchecked } = each.evidence ?? {};
        return typeof unchecked === 'string' ? unchecked.length : 0;
      });
      assert.equal(kept.length, count + 1_000);
      const ordinaryOnes = kept.filter((characters) => characters === ordinary.length);
      assert.equal(ordinaryOnes.length, 1_000, 'ordinary ones all stay');
      const sum = kept.reduce((all, characters) => all + characters);
      assert.ok(sum > 15 * 2 ** 20 && sum < 17 * 2 ** 20, `${sum}`);
    });
  }
});
