import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { intermediatesOf, validityOfChain } from '../../src/certificates/serving-chain.ts';
import { makeLink, type Link } from './made-chain.ts';
import { DAY, NOW } from './made.ts';

let root: Link;
let upper: Link;
let lower: Link;
let leaf: Link;
before(async () => {
  root = await makeLink('root', { from: NOW - 10 * DAY, until: NOW + DAY });
  upper = await makeLink('upper', { by: root, from: NOW - 9 * DAY, until: NOW + 400 * DAY });
  lower = await makeLink('lower', { by: upper, from: NOW - DAY, until: NOW + 20 * DAY });
  leaf = await makeLink('leaf', { by: lower, from: NOW - 2 * DAY, until: NOW + 90 * DAY });
});

const namesOf = (links: readonly Link[]): string[] =>
  intermediatesOf(
    leaf.certificate,
    links.map(({ certificate }) => certificate),
  ).map(({ subject }) => subject);

describe('the intermediates of a certificate', () => {
  it('are found in any order, without a self-signed authority and without what does not belong to it', async () => {
    const other = await makeLink('other', { by: root, from: NOW, until: NOW + DAY });
    const namesake = await makeLink('lower', { by: upper, from: NOW, until: NOW + DAY });
    assert.deepEqual(namesOf([namesake, root, upper, other, leaf, lower]), ['CN=lower', 'CN=upper']);
    assert.deepEqual(namesOf([upper]), []);
    assert.deepEqual(namesOf([]), []);
  });

  it('are those that are valid longest, where an authority has several certificates', async () => {
    const { keys } = lower;
    const old = await makeLink('lower', { by: root, keys, from: NOW - 9 * DAY, until: NOW - DAY });
    for (const file of [
      [old, lower],
      [lower, old],
    ])
      assert.deepEqual(
        intermediatesOf(
          leaf.certificate,
          file.map(({ certificate }) => certificate),
        ),
        [lower.certificate],
      );
  });

  it('end where two authorities signed each other', async () => {
    const crossed = await makeLink('upper', { by: lower, keys: upper.keys, from: NOW, until: NOW + DAY });
    assert.deepEqual(namesOf([lower, crossed]), ['CN=lower', 'CN=upper']);
  });
});

describe('the validity of a chain', () => {
  it('begins with the last of its beginnings and ends with the first of its ends, which is named', () => {
    assert.deepEqual(validityOfChain(leaf.certificate, [lower.certificate, upper.certificate]), {
      validFrom: NOW - DAY,
      expiresAt: NOW + 20 * DAY,
      firstToExpire: 'CN=lower',
      leaf: { validFrom: NOW - 2 * DAY, expiresAt: NOW + 90 * DAY },
    });
  });

  it('is that of the leaf, if no intermediate ends before it', () => {
    assert.deepEqual(validityOfChain(leaf.certificate, [upper.certificate]), {
      validFrom: NOW - 2 * DAY,
      expiresAt: NOW + 90 * DAY,
      firstToExpire: undefined,
      leaf: { validFrom: NOW - 2 * DAY, expiresAt: NOW + 90 * DAY },
    });
  });
});
