import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '..');

/** Words that came in before and that readers of other mother tongues stumble over, with what to say instead. */
const HARD_WORDS: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\bmend(?:s|ed|ing)?\b|[a-z]Mend/, 'fix, repair'],
  [/\banew\b/i, 'again, re-created'],
  [/\b[Tt]old\b|\btells?\b|TELL|\btell[A-Z]/, 'reported, logged, asked, called with; says, reports'],
  [/\bhears?\b|\bheard\b/i, 'gets, receives, is called with'],
  [/(?<!\bthere )\b(?:is|are) none\b/i, 'is not a valid …'],
  [/(?<!\bthere )\b(?:is|are) no (?!longer|more|sooner|slower)/i, 'is not a …'],
  [/\bstands? in the way\b/i, 'prevents, blocks'],
  [/graves?\b|Grave/, 'tombstone'],
  [/stranger/i, 'unknown'],
  [/twin/i, 'environment variable, or the other one'],
  [/\byou may not\b/i, 'you are not allowed to'],
  [/\bfence|\bkey[- ]?ring\b/i, 'leader-only store, key cache'],
  [/\ball the same\b/i, 'anyway, still'],
  [/\bbut for\b/i, 'except for'],
  [/\b(?:may|can) go\b(?! wrong)/i, 'can be removed'],
  [/\bgo(?:es)? by\b/i, 'uses, depends on'],
  [/\bputs? (?:it )?right\b/i, 'corrected'],
  [/\bwhoever\b/i, 'anyone who, those who, the client (or who else it is)'],
  [/\bbr(?:eaks?|oke|oken)[- ]off\b/i, 'abort, end too early'],
  [/\b(?:lies?|lay)\b/i, 'is, is stored'],
  [/\bas ever\b/i, 'as usual'],
  [/\bminds\b/i, 'refuses, cares about'],
  [/\bfor good\b/i, 'permanently'],
  [/\btill\b/i, 'until'],
  [/\bis too much:/i, 'unexpected argument'],
  [/\bnot well\b/i, 'has a problem'],
  [/\bcontract\b/i, 'the page of docs/ that promises it'],
  [/legacyMarks|\bmarks of (?:kopf|token-manager)\b|\bkopf'?s? marks\b/i, 'kopf leftovers'],
  [
    /\b(?:MOST|LONGEST|LARGEST|DEEPEST|HIGHEST|LEAST|SHORTEST)(?:_[A-Z]|\b)/,
    'MAX_… and MIN_…, with the unit last',
  ],
];

/** A comment that begins with an amount or a reference instead of what it is about. */
const NO_SUBJECT = /^\s*(?:\/\*)?\*\*? (?:So (?:many|much|few)|As (?:many|much)|Those|Such|The same)\b/;

/** A line of a comment in tests that begins with a clause whose subject is missing. */
const LOST_SUBJECT =
  /^\s*(?:(?:\/\*)?\*\*?|\/\/) (?:Of|That|Whose|Who|Is (?:called|made|removed|given|asked))\b/;

/** The first line of a comment in src that begins with such a clause, or with a question in place of its subject. */
const LOST_SUBJECT_IN_SRC =
  /^\s*(?:\/\*\*|\*|\/\/) (?:What|Which|Where|Of|That|Whose|Who|Is (?:called|made|removed|given|asked))\b/;

/** Phrases of comments that readers of other mother tongues stumble over, with what to say instead. */
const HARD_PHRASES: typeof HARD_WORDS = [
  [/\bis looked (?:at|for)\b/i, 'is read, checked, processed; is searched for'],
  [/\bfor ever\b/i, 'forever, always'],
  [/\bby turns\b/i, 'alternating'],
  [/\bwhat (?:came|comes|became|becomes) of\b/i, 'the result of, the state of'],
  [/\bfor so long\b/i, 'for this time'],
  [/\bunder way\b/i, 'running, concurrent'],
  [/\bas .* as (?:it|they) (?:may|can)\b/i, 'as … as possible, for any …'],
  [/\b(?:of|if|by) somebody else\b|\bsomebody else's/i, 'of another client, of another owner'],
];

/** The name of a test, in its call or in a table. */
const CODED_NAME = /(?:(?:it|test|describe)\(|title: |^\s*\[)['"`][A-Z]\d{1,2}[:,]? \w/;

/** They are here. */
const OWN_WORDS = 'test/plain-english.test.ts:';

interface Line {
  readonly where: string;
  readonly text: string;
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** All lines of the files. */
function linesOf(...patterns: readonly string[]): readonly Line[] {
  const files = globSync([...patterns], { cwd: ROOT, exclude: ['docs/api', '**/node_modules'] });
  return files.flatMap((file) =>
    read(file)
      .split('\n')
      .map((text, index) => ({ where: `${file}:${index + 1}`, text })),
  );
}

/** What a line may begin with where a comment or a paragraph goes on from the line before. */
const CONTINUED = /^\s*(?:\*|\/\/|#)?\s*/;

/** The words of a name that is written together: `isHeard` has the word `Heard`. */
function splitNames(text: string): string {
  return text.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ');
}

/** Matches wherever one of the patterns does, and more: a line that it does not match needs no closer look. */
const ANY_HARD_WORD = new RegExp(
  [...HARD_WORDS, ...HARD_PHRASES].map(([{ source }]) => source).join('|'),
  'i',
);

/** Also finds words that are parts of names, and phrases that go on in the next line. */
function hardWords(lines: readonly Line[], words = HARD_WORDS): readonly string[] {
  return lines.flatMap(({ where, text }, index) => {
    const next = lines[index + 1]?.text.replace(CONTINUED, '') ?? '';
    const both = `${text} ${next}`;
    if (!ANY_HARD_WORD.test(both) && !ANY_HARD_WORD.test(splitNames(both))) return [];
    const isIn = (pattern: RegExp, part: string): boolean =>
      pattern.test(part) || pattern.test(splitNames(part));
    return words
      .filter(([pattern]) => isIn(pattern, text) || (isIn(pattern, both) && !isIn(pattern, next)))
      .map(([, instead]) => `${where}: ${text.trim()} (better: ${instead})`);
  });
}

const COMMENT = /^\s*(?:\/\*\*|\*|\/\/)(?= |$)/;

/** The lines that are comments. */
function commentsOf(lines: readonly Line[]): readonly Line[] {
  return lines.filter(({ text }) => COMMENT.test(text));
}

/** The first lines of comments: what goes on in a next line may begin with any word. */
function firstLinesOf(lines: readonly Line[]): readonly Line[] {
  return lines.filter(({ text }, index) => {
    const before = lines[index - 1]?.text ?? '';
    if (!COMMENT.test(text)) return false;
    return /^\s*\/\*\*$/.test(before) || /^\s*\/\*\*/.test(text) || !COMMENT.test(before);
  });
}

describe('plain English', () => {
  it('is written in src', () => assert.deepEqual(hardWords(linesOf('src/**/*.ts')), []));

  it('is written in comments of src: no phrases of a dialect', () =>
    assert.deepEqual(hardWords(commentsOf(linesOf('src/**/*.ts')), HARD_PHRASES), []));

  it('is written in comments of src: each has a subject', () => {
    const lines = firstLinesOf(linesOf('src/**/*.ts'));
    assert.deepEqual(
      lines.filter(({ text }) => LOST_SUBJECT_IN_SRC.test(text)),
      [],
    );
  });

  it('is written in comments: each says what it is about', () => {
    const lines = linesOf('{src,test}/**/*.ts').filter(({ text }) => NO_SUBJECT.test(text));
    assert.deepEqual(lines, []);
  });

  it('is written in what is deployed', () =>
    assert.deepEqual(
      hardWords(
        linesOf(
          'deploy/**/*.{ts,yaml,tpl,json}',
          'deploy/{release,krew/pack}',
          'certs/*',
          'Dockerfile',
          '.ci/run',
        ),
      ),
      [],
    ));

  it('is written in the documentation', () => {
    const pages = linesOf('*.md', 'docs/**/*.md', '.github/**/*.{md,yml}');
    assert.deepEqual(hardWords(pages.filter(({ where }) => !where.startsWith('CHANGELOG'))), []);
  });

  it('is written in the newest section of the changelog', () => {
    const [, newest = ''] = read('CHANGELOG.md').split('\n## ');
    const lines = newest.split('\n').map((text) => ({ where: 'CHANGELOG.md', text }));
    // It says what a renamed reason was.
    assert.deepEqual(hardWords(lines.filter(({ text }) => !text.includes('`KopfMarks`'))), []);
  });

  it('is written in tests', () => {
    const lines = linesOf('test/**/*.{ts,mjs,cjs,sh,py,yaml,json}').filter(
      ({ where }) => !where.startsWith(OWN_WORDS),
    );
    assert.deepEqual(hardWords(lines, [...HARD_WORDS, ...HARD_PHRASES]), []);
  });

  it('is written in comments of tests: each has a subject', () => {
    const lines = linesOf('test/**/*.ts').filter(({ text }) => LOST_SUBJECT.test(text));
    assert.deepEqual(lines, []);
  });

  it('is written in names of tests: none begins with the code of a list that is elsewhere', () => {
    const lines = linesOf('test/**/*.test.ts').filter(({ text }) => CODED_NAME.test(text));
    assert.deepEqual(lines, []);
  });
});
