import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isReady, isSigned, reaches } from './log-lines.ts';

const ready = (name: string, status = 'True') => ({ namespace: 'bulk', name, condition: 'Ready', status });
const signed = (name: string, reason: string) => ({ namespace: 'bulk', name, msg: 'signed', reason });

describe('all JWTs are ready', () => {
  it('after the line of the last one, although every JWT was processed before', () => {
    const lines = [
      ready('a'),
      ready('b', 'False'), // its Secret could not be written, and the write is tried again
      { msg: 'every JWT was looked at' },
      ready('a'),
      ready('b'),
    ];
    assert.equal(lines.findIndex(reaches(2, isReady)), 4);
  });
});

describe('all JWTs are signed again', () => {
  it('after each was signed for that cause: a late first token does not count', () => {
    const lines = [
      signed('a', 'NoToken'),
      signed('a', 'KeyChanged'),
      signed('b', 'NoToken'),
      signed('b', 'KeyChanged'),
    ];
    assert.equal(lines.findIndex(reaches(2, (line) => isSigned(line, 'KeyChanged'))), 3);
  });
});
