import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { RUN_WHOLE } from './integration/page-commands.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = ['README.md', ...globSync('docs/*.md', { cwd: ROOT }).toSorted()];

/** Tests that read the commands below headings of a page, and run them. */
const READ_FROM: Readonly<Record<string, string>> = {
  'README.md': 'test/integration/manifests.test.ts',
  'docs/install.md': 'test/deploy/lifecycle.test.ts',
  'docs/certificates.md': 'test/integration/certificates.test.ts',
};

/** Commands that a test runs in other words: the test, and what stands there for them. */
const RUN_ELSEWHERE: Readonly<Record<string, readonly [file: string, words: string]>> = {
  'npm ci': ['.ci/run', '\nnpm ci\n'],
  'npx --no jwt-injector sign -f deploy/examples/my-jwt.yaml': [
    'test/integration/dist.test.ts',
    "runApp('sign', '-f', EXAMPLE)",
  ],
  'npx --no jwt-injector explain -f deploy/examples/token-test.yaml': [
    'test/commands/explain.test.ts',
    "['-f', join(EXAMPLES, 'token-test.yaml')]",
  ],
  'jwt-injector status': ['test/integration/cli-status.test.ts', 'statusCommand'],
  'kubectl apply --server-side --force-conflicts -k deploy/kustomize/crd': [
    'test/deploy/lifecycle.test.ts',
    '`${crd} --force-conflicts`',
  ],
  'kubectl get jwt -A': ['test/integration/crd.test.ts', "'get', 'jwt', 'my-jwt'"],
  'kubectl scale deployment token-manager -n NS --replicas=0': [
    'test/integration/cli-migrate-cases.ts',
    'kubectl scale deployment token-manager -n operators --replicas=0',
  ],
  'jwt-injector migrate check -A': ['test/integration/cli-migrate-cases.ts', "'check', '-A'"],
  'jwt-injector migrate clean -A --dry-run': [
    'test/integration/cli-migrate-cases.ts',
    "'clean', '-A', '--dry-run'",
  ],
  'jwt-injector migrate clean -A': ['test/integration/cli-migrate-cases.ts', "'clean', '-A')"],
  'kubectl create clusterrole token-manager-status --verb=patch --resource=jwts.tokens.osg-htc.org/status': [
    'test/integration/cli-migrate-cases.ts',
    "'kubectl create clusterrole token-manager-status'",
  ],
  'kubectl create clusterrolebinding token-manager-status --clusterrole=token-manager-status': [
    'test/integration/cli-migrate-cases.ts',
    "'kubectl create clusterrole token-manager-status'",
  ],
};

interface Command {
  readonly page: string;
  readonly heading: string;
  readonly text: string;
  /** Marked as not run in CI, with the reason. */
  readonly isMarked: boolean;
}

const MARK = /^ *<!-- not run in CI: [^>]{10,} -->$/;
/** In blocks that are indented only lines with a program of ours or of Kubernetes are commands. */
const PROGRAM = /^(?:[A-Z_]+=\S+ )*(?:kubectl|helm|kustomize|jwt-injector|npx|npm|docker|certs\/)\b/;

/** What a page tells its reader to type, without lines that go on from the one before. */
function commandsOf(page: string): readonly Command[] {
  const found: Command[] = [];
  let [heading, language, isMarked, isContinued] = ['', '', false, false];
  for (const line of readFileSync(join(ROOT, page), 'utf8').split('\n')) {
    const opened = /^ *```(\w*)/.exec(line)?.[1];
    const typed = textOf(line, language);
    if (MARK.test(line)) isMarked = true;
    else if (opened !== undefined) {
      if (language !== '') isMarked = false;
      language = language === '' ? opened : '';
    } else if (language === '' && /^#+ /.test(line)) heading = line;
    else if (typed !== undefined && !isContinued)
      found.push({ page, heading, text: typed.replace(/ +(?:# .*|\\)$/, ''), isMarked });
    else if (language === '' && typed === undefined && line.trim() !== '') isMarked = false;
    isContinued = line.endsWith('\\');
  }
  return found;
}

function textOf(line: string, language: string): string | undefined {
  if (language === 'console') return /^ *\$ (.*)$/.exec(line)?.[1];
  if (language === 'sh') return /^\S/.test(line) && !line.startsWith('#') ? line : undefined;
  if (language !== '') return undefined;
  const indented = /^ {4,}(\S.*)$/.exec(line)?.[1];
  return indented !== undefined && PROGRAM.test(indented) ? indented : undefined;
}

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

describe('the commands of the pages for users and administrators', () => {
  const commands = PAGES.flatMap(commandsOf);
  const wholePages = RUN_WHOLE.map((page) => read(`docs/${page}.md`)).join('\n');

  function isRun({ page, heading, text }: Command): boolean {
    if (RUN_WHOLE.some((name) => page === `docs/${name}.md`) || wholePages.includes(`\n${text}`)) return true;
    const reader = READ_FROM[page];
    if (reader !== undefined && read(reader).includes(`'${heading}'`)) return true;
    return text in RUN_ELSEWHERE;
  }

  it('are found', () => assert.ok(commands.length > 60));

  it('are each run by a test, or marked with the reason why not', () => {
    const left = commands.filter((command) => !command.isMarked && !isRun(command));
    assert.deepEqual(
      left.map(({ page, text }) => `${page}: ${text}`),
      [],
    );
  });

  it('are run where the table says so, and nothing is in the table that no page has', () => {
    for (const [command, [file, words]] of Object.entries(RUN_ELSEWHERE)) {
      assert.ok(
        commands.some(({ text }) => text === command),
        command,
      );
      assert.ok(read(file).includes(words), `${file}: ${words}`);
    }
  });
});
