import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { describe, it } from 'node:test';
import { createLogger, type LoggerOptions } from '../../src/telemetry/logger.ts';
import { createTerminalFormat } from '../../src/telemetry/terminal-lines.ts';

function linesOf(
  options: Omit<LoggerOptions, 'destination'>,
  write: (logger: ReturnType<typeof createLogger>) => void,
): string[] {
  const lines: string[] = [];
  write(createLogger({ ...options, destination: { write: (line: string) => void lines.push(line) } }));
  return lines;
}

describe('a log line', () => {
  it('is one JSON object with the level as a word and the time in ISO 8601', () => {
    const [line = ''] = linesOf({ level: 'info' }, (logger) => logger.warn({ name: 'x' }, 'said'));
    const { time, ...rest } = JSON.parse(line);
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(rest, { level: 'warn', name: 'x', msg: 'said' });
  });

  it('below the level is not written', () => {
    assert.deepEqual(
      linesOf({ level: 'warn' }, (logger) => logger.info('quiet')),
      [],
    );
  });

  it('has no key and no token, even if one is passed to it', () => {
    const jws = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(40)}.sig`;
    const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----';
    const [line = ''] = linesOf({ level: 'info' }, (logger) =>
      logger.error({ a: jws, b: [{ c: `key: ${pem}` }], err: new Error(pem), name: 'x' }, 'said'),
    );
    assert.doesNotMatch(line, /aaaa|bbbb|MHcCAQ/);
    assert.equal(JSON.parse(line).name, 'x');
  });

  it('about a JWT whose name looks like the beginning of a token is not cut', () => {
    const [line = ''] = linesOf({ level: 'info' }, (logger) => logger.info({ name: 'eyJ' }, 'said'));
    assert.equal(JSON.parse(line).name, 'eyJ');
  });

  it('that is made directly is equal to that of pino, at its level and without secrets, too', () => {
    const fields = { name: 'a "quoted"\u2028 näme', count: 1, gone: undefined, list: ['x'], msg: 'said\n' };
    const both = linesOf({ level: 'info' }, (logger) => {
      logger.infoLine(fields);
      const { msg, ...rest } = fields;
      logger.info(rest, msg);
    }).map((line) => line.replace(/"time":"[^"]*"/, ''));
    assert.equal(both.length, 2);
    assert.equal(both[0], both[1]);
    const leak = { msg: `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(40)}.sig` };
    assert.doesNotMatch(linesOf({ level: 'info' }, (logger) => logger.infoLine(leak)).join(''), /aaaa|bbbb/);
    assert.deepEqual(
      linesOf({ level: 'warn' }, (logger) => logger.infoLine(fields)),
      [],
    );
  });

  it('on a terminal has the same content in one line', () => {
    const format = createTerminalFormat();
    const [line = ''] = linesOf({ level: 'info', format }, (logger) =>
      logger.info({ namespace: 'science', n: 1 }, 'said'),
    );
    assert.match(
      stripVTControlCharacters(line),
      /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: said \{"namespace":"science","n":1\}\n$/,
    );
  });

  it('on a terminal shows the stack of an error', () => {
    const format = createTerminalFormat();
    const [line = ''] = linesOf({ level: 'info', format }, (logger) =>
      logger.error({ err: new Error('bad') }, 'failed'),
    );
    assert.match(stripVTControlCharacters(line), /ERROR: failed\s*\n[^]*Error: bad\n +at /);
  });

  it('on a terminal has no control characters and no second line, whatever a client sent', () => {
    const format = createTerminalFormat();
    const sent = 'a\u001b]0;b\u0007\u009b2J\u202e\nINFO: c';
    const bad = new Error(sent);
    const lines = linesOf({ level: 'info', format }, (logger) => {
      logger.infoLine({ name: sent, msg: sent });
      logger.warn({ parts: [{ name: sent }] }, sent);
      logger.error({ err: bad }, 'failed');
    });
    const plain = lines.map(stripColours);
    for (const line of plain) assert.doesNotMatch(line.replaceAll('\n', ''), /\p{Cc}|\p{Bidi_Control}/u);
    assert.equal(plain.slice(0, 2).join('').split('\n').length, 3);
    assert.ok(plain[2]?.includes('Error: a ]0;b'));
  });

  it('on a terminal has no key and no token, either', () => {
    const format = createTerminalFormat();
    const jws = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(40)}.sig`;
    const [line = ''] = linesOf({ level: 'info', format }, (logger) => logger.info({ a: jws }, 'said'));
    assert.match(line, /\[redacted\]/);
    assert.doesNotMatch(line, /aaaa|bbbb/);
  });

  it('that is not JSON is written unchanged', () => {
    const format = createTerminalFormat();
    assert.equal(format('plain').trimEnd(), 'plain');
    assert.equal(format('7').trimEnd(), '7');
  });
});

/** Without the colours of the terminal format itself. */
function stripColours(line: string): string {
  const escape = '\u001b';
  return line.replaceAll(new RegExp(String.raw`${escape}\[\d+m`, 'g'), '');
}
