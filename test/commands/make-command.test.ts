import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeCommand } from '../../src/commands/make-command.ts';
import { fail, ok } from '../../src/resources/result.ts';
import { runCommand } from './captured-io.ts';
import { EXIT } from '../../src/commands/command.ts';

const HELP = `Usage: jwt-injector paint COLOUR [--size N]
       jwt-injector paint --list

Paints.

      --size N          how large (default 3)
      --file-of-colours FILE
                        where colours are,
                        one in a line
  -l, --list            only list
  -h, --help            print this text

Examples:
  jwt-injector paint red --size 4

It dries.
`;

const paint = makeCommand({
  usage: ['paint COLOUR [--size N]', 'paint --list'],
  description: 'Paints.',
  flags: {
    size: { type: 'string', value: 'N', default: '3', emptyIsUnset: true, help: 'how large' },
    'file-of-colours': {
      type: 'string',
      multiple: true,
      value: 'FILE',
      help: 'where colours are,\none in a line',
    },
    list: { type: 'boolean', short: 'l', help: 'only list' },
  },
  examples: ['paint red --size 4'],
  notes: 'It dries.',
  takesWords: true,
  readOptions: ({ size, list = false, 'file-of-colours': files = [] }, [colour]) =>
    list || colour !== undefined ? ok({ size, list, files, colour }) : fail('a colour is missing'),
  run: (options, { stdout }) => {
    stdout.write(JSON.stringify(options));
    return EXIT.refused;
  },
});

describe('a command', () => {
  it('gets its flags and words, and sets the exit code', async () => {
    assert.deepEqual(await runCommand(paint, ['red', '--file-of-colours', 'a', '--file-of-colours=b']), {
      code: 1,
      out: '{"size":"3","list":false,"files":["a","b"],"colour":"red"}',
      err: '',
    });
  });

  const short = makeCommand({
    usage: ['list'],
    description: 'Lists.',
    flags: {
      output: { type: 'string', short: 'o', help: 'json' },
      file: { type: 'string', short: 'f', multiple: true, help: 'what to list' },
      key: { type: 'string', isInput: true, help: 'key' },
      where: { type: 'string', short: 'n', isNamespace: true, emptyIsUnset: true, help: 'namespace' },
      all: { type: 'boolean', short: 'A', help: 'all' },
    },
    examples: ['list'],
    takesWords: true,
    readOptions: (values, words) => ok({ ...values, words }),
    run: (options, { stdout }) => {
      stdout.write(JSON.stringify(options));
      return EXIT.done;
    },
  });
  const spellings: readonly (readonly [readonly string[], object])[] = [
    [['-o=json'], { output: 'json' }],
    [['-ojson'], { output: 'json' }],
    [['-o', '=json'], { output: '=json' }],
    [['--output==json'], { output: '=json' }],
    [['-o=json', '-o=yaml'], { output: 'yaml' }],
    [['-f=a', '-fb', '-f', '=c', '-f==d', '--file=e', '-f='], { file: ['a', 'b', '=c', '=d', 'e', ''] }],
    [['-An=science'], { all: true, where: 'science' }],
    [['-n='], {}],
    [['-n', '', '-n', 'science'], { where: 'science' }],
    [['--', '-n=x'], { words: ['-n=x'] }],
  ];
  for (const [args, read] of spellings) {
    it(`reads the short flags of ${args.join(' ')} as kubectl does`, async () => {
      const { code, out, err } = await runCommand(short, args);
      assert.deepEqual([code, err], [0, '']);
      assert.deepEqual(JSON.parse(out), { words: [], ...read });
    });
  }

  for (const name of ['Science', 'science ', 'a.b', '-a', 'a\n', '=science', 'a'.repeat(64)]) {
    it(`refuses what no namespace can be called: ${JSON.stringify(name)}`, async () => {
      const { code, err } = await runCommand(short, [`--where=${name}`]);
      assert.equal(code, 2);
      assert.match(err, /^error: --where is not the name of a namespace: these have lower-case .*63\n\n/);
    });
  }

  it('treats an empty flag as not given if its table says so', async () => {
    const { out } = await runCommand(paint, ['red', '--size', '', '--file-of-colours=']);
    assert.equal(out, '{"size":"3","list":false,"files":[""],"colour":"red"}');
  });

  for (const flag of ['-h', '--help']) {
    it(`prints its help for ${flag}, even if other arguments are missing`, async () => {
      assert.deepEqual(await runCommand(paint, [flag]), { code: 0, out: HELP, err: '' });
    });

    it(`prints its help for ${flag}, whatever the values of flags are`, async () => {
      const { code, out, err } = await runCommand(short, ['-n', 'Science', '--key=', flag]);
      assert.deepEqual([code, err], [0, '']);
      assert.match(out, /^Usage: jwt-injector list\n/);
    });
  }

  const wrong: readonly (readonly [string, readonly string[], string])[] = [
    ['what it refuses itself', [], 'a colour is missing'],
    ['an unknown flag', ['--sise', '4'], "Unknown option '--sise'"],
    ['a flag without its value', ['red', '--size'], "Option '--size <value>' argument missing"],
    ['a value for a flag that has none', ['--list=x'], "Option '-l, --list' does not take an argument"],
  ];
  for (const [title, args, problem] of wrong) {
    it(`says in one sentence what is wrong, with the ways to call it: ${title}`, async () => {
      assert.deepEqual(await runCommand(paint, args), {
        code: 2,
        out: '',
        err: `error: ${problem}\n\n${HELP.split('\n\n')[0]}\nSee jwt-injector paint --help\n`,
      });
    });
  }

  it('removes control characters from its messages, and line breaks that would look like another message', async () => {
    const complain = makeCommand({
      usage: ['complain'],
      description: 'Complains.',
      flags: {},
      examples: ['complain'],
      takesWords: true,
      readOptions: (_values, [word]) => (word === undefined ? ok(undefined) : fail(`not "${word}"`)),
      run: (_options, { stderr }) => {
        stderr.write('warning: \u001B]0;pwned\u0007\nerror: forged\n');
        stderr.write('error: \u009B2J\r');
        return EXIT.refused;
      },
    });
    assert.equal((await runCommand(complain, [])).err, 'warning:  ]0;pwned  error: forged\nerror:  2J \n');
    assert.match((await runCommand(complain, ['\u001B[2J\n'])).err, /^error: not " \[2J "\n\nUsage/);
  });

  it('accepts no words, unless its table says so', async () => {
    const strict = makeCommand({
      usage: ['stop'],
      description: 'Stops.',
      flags: {},
      examples: ['stop'],
      readOptions: () => ok(undefined),
      run: () => EXIT.done,
    });
    const { code, err } = await runCommand(strict, ['now']);
    assert.equal(code, 2);
    assert.match(err, /^error: Unexpected argument 'now'\n\nUsage: jwt-injector stop\n/);
  });
});
