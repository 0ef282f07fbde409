import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseArgs } from 'node:util';
import { COMMANDS } from '../src/commands/all-commands.ts';
import { readCommands, RUN_WHOLE } from './integration/page-commands.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = ['README.md', ...globSync('docs/*.md', { cwd: ROOT }).toSorted()];

/** Tests that read the commands below headings of a page, and run them. */
const READ_FROM: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['test/integration/manifests.test.ts'],
  'docs/install.md': ['test/deploy/lifecycle.install.test.ts'],
  'docs/certificates.md': [
    'test/integration/certificates.test.ts',
    'test/deploy/certificate-ways.install.test.ts',
  ],
};

/** Commands that a test runs in other words: the test, and what stands there for them. */
const RUN_ELSEWHERE: Readonly<Record<string, readonly [file: string, words: string]>> = {
  'npm ci': ['.ci/run', '\nnpm ci\n'],
  'npm ci && npm test': ['.ci/run', '\nnpm test\n'],
  'npm ci && npm run demo -- --once': ['.ci/run', '\nnpm run demo -- --once\n'],
  'npm run verifiers': ['.ci/run', '\nrun_as_root npm run verifiers '],
  'npm install -g .': ['test/integration/plugin.test.ts', "execute('npm', ['install', '-g', '.']"],
  'certs/make-dev-certs.sh --apply': ['test/integration/certs.test.ts', "'--apply'"],
  'deploy/release --help': ['test/deploy/release.test.ts', "release(['--help'])"],
  'npm run -s jwt-injector -- sign -f deploy/examples/my-jwt.yaml': [
    'test/integration/plugin.test.ts',
    "'npm run -s jwt-injector -- sign -f deploy/examples/my-jwt.yaml'",
  ],
  'npm run -s jwt-injector -- explain -f deploy/examples/token-test.yaml': [
    'test/commands/explain.test.ts',
    "['-f', join(EXAMPLES, 'token-test.yaml')]",
  ],
  'kubectl annotate deployment x tokens.osg-htc.org/token=my-jwt': [
    'test/integration/admission-workloads.test.ts',
    "kubectl('annotate', 'deployment', 'web', `${KEYS.token}=my-jwt`)",
  ],
  'kubectl annotate secret KEY -n NS tokens.osg-htc.org/allowed-namespaces=NS1,NS2': [
    'test/integration/keys.test.ts',
    "annotate('tokens.osg-htc.org/allowed-namespaces=other, keys')",
  ],
  'kubectl annotate rs NAME -n NS tried-again="$(date +%s)" --overwrite': [
    'test/integration/admission-outage.test.ts',
    "'--overwrite'",
  ],
  'kubectl apply --server-side -k deploy/kustomize/final-state-policy': [
    'test/integration/admission-outage.test.ts',
    "['apply', '--server-side', '-k', POLICY]",
  ],
  'kubectl delete -k deploy/kustomize/final-state-policy --ignore-not-found': [
    'test/integration/admission-outage.test.ts',
    "['delete', '-k', POLICY, '--ignore-not-found']",
  ],
  'kubectl debug --copy-to': ['test/integration/admission-neighbours.test.ts', "'--copy-to=copy'"],
  'kubectl delete deployment': [
    'test/integration/cli-migrate-cases.ts',
    'kubectl delete deployment token-manager',
  ],
  'kubectl describe jwt NAME': ['test/integration/keys.test.ts', "['describe', 'jwt', 'not-granted'"],
  'kubectl describe jwt NAME -n NAMESPACE': [
    'test/integration/keys.test.ts',
    "['describe', 'jwt', 'not-granted', '-n', 'keys']",
  ],
  'kubectl explain jwt.spec': ['test/integration/crd.test.ts', "['explain', 'jwt.spec']"],
  'kubectl rollout undo': ['test/integration/admission-workloads.test.ts', "kubectl('rollout', 'undo'"],
  'helm uninstall jwt-injector -n jwt-injector': [
    'test/deploy/lifecycle.install.test.ts',
    "helm.run('uninstall', 'jwt-injector', ...PLACE)",
  ],
  'jwt-injector status': ['test/integration/cli-status.test.ts', 'statusCommand'],
  'kubectl apply --server-side --force-conflicts -k deploy/kustomize/crd': [
    'test/deploy/lifecycle.install.test.ts',
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

const IN_SHORT = 'takes a quarter of an hour or more: CI runs it with --short';
const ON_NODES = 'takes minutes on real nodes: CI runs npm run e2e -- --short';
const MEASURES = 'measures, and means something only on a machine without other programs';

/** Commands in running text that CI does not run as they stand there, and why not. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm ci && npm run demo': 'stays until Ctrl-C: CI runs it with --once',
  'npm run controlplane': 'stays until Ctrl-C: each integration test starts one',
  'npm run faults': IN_SHORT,
  'npm run hostile': IN_SHORT,
  'npm run e2e': IN_SHORT,
  'sudo npm run e2e': IN_SHORT,
  'sudo npm run e2e -- --only churn': ON_NODES,
  'sudo npm run e2e -- --only delivery': ON_NODES,
  'npm run e2e -- --only ipv6': ON_NODES,
  'sudo npm run e2e -- --only policy': ON_NODES,
  'npm run certificates':
    'creates thousands of pods: test/integration/certificates.test.ts makes such changes with fewer',
  'npm run upgrade -- --from=REF': 'needs another version of the history',
  'npm run bench': MEASURES,
  'npm run bench -- --only=scale': MEASURES,
  'npm run bench -- --only=delivery': MEASURES,
  'deploy/release --push registry.example.org/jwt-injector:0.1.0':
    'needs a registry: npm run e2e without flags pushes to one on loopback',
  'kubectl describe certificate -n jwt-injector': 'needs cert-manager, whose objects they are',
  'kubectl get prometheus -A -o yaml': 'needs the Prometheus operator, whose objects they are',
  'kubectl get pods -n jwt-injector': 'shows objects of Kubernetes itself',
  'kubectl get lease jwt-injector -n jwt-injector -o yaml': 'shows an object of Kubernetes itself',
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
const PROGRAM =
  /^(?:[A-Z_]+=\S+ )*(?:sudo )?(?:kubectl|helm|kustomize|jwt-injector|npx|npm|docker|certs\/|deploy\/release)\b/;

/** The commands on a page for its reader to type, without continuation lines. */
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

/** Commands in the running text of a page; some of them are no more than the name of a verb. */
function commandsInText(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  const spans = [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span.replaceAll(/\s+/g, ' '));
  return spans.filter((span) => PROGRAM.test(span) && span.includes(' '));
}

/** Mistakes in the arguments of `jwt-injector`: its verb, the word after it, or its flags. */
async function findFault(call: string): Promise<string | undefined> {
  const [verb = '', ...args] = call.split(' ');
  const { offers } = (await COMMANDS[verb]?.load()) ?? {};
  if (offers === undefined) return 'no such command';
  try {
    const { positionals } = parseArgs({ args, options: offers.flags, allowPositionals: true });
    const [word] = positionals;
    const isUnknown = word !== undefined && offers.words?.includes(word) === false;
    return isUnknown ? `it does not take "${word}"` : undefined;
  } catch (error) {
    return String(error);
  }
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
    if (READ_FROM[page]?.some((reader) => read(reader).includes(`'${heading}'`)) === true) return true;
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

  it('replace no Secret that holds the key of a JWT', () => {
    // The JWT counts, too: "kubectl apply" of both in one command changes it where the Secret is refused.
    const replacing = commands.filter(({ text }) =>
      /\bkubectl (?:apply|replace)\b.*-(?:key-secret|jwt)\.yaml/.test(text),
    );
    assert.deepEqual(
      replacing.map(({ page, text }) => `${page}: ${text}`),
      [],
    );
    assert.ok(commands.some(({ text }) => /\bkubectl create -f \S+-key-secret\.yaml/.test(text)));
  });

  const inText = PAGES.flatMap((page) => commandsInText(page).map((text) => ({ page, text })));

  it('in running text: of Kubernetes and of the checkout, are in a block, run by a test, or listed with the reason why not', () => {
    const known = new Set([
      ...commands.map(({ text }) => text),
      ...Object.keys(RUN_ELSEWHERE),
      ...Object.keys(NOT_RUN),
    ]);
    // Commands of Kubernetes with an argument besides the verb: a verb alone is just a name.
    const meant = inText.filter(({ text }) =>
      /^(?:(?:kubectl|helm) (?!jwt )\S+ .|(?:sudo )?(?:npm|npx) |docker \S+ .|certs\/|deploy\/)/.test(text),
    );
    assert.ok(meant.length > 35);
    assert.deepEqual(
      meant.filter(({ text }) => !known.has(text)).map(({ page, text }) => `${page}: ${text}`),
      [],
    );
  });

  it('of our own, in blocks and in running text, have verbs, words and flags that exist', async () => {
    const calls = [...commands, ...inText].flatMap(({ page, text }) => {
      const call = /^(?:(?:npm run -s )?jwt-injector(?: --)?|kubectl jwt) ([a-z][^|>;&]*)/
        .exec(text)?.[1]
        ?.trim();
      return call === undefined ? [] : [{ page, call }];
    });
    assert.ok(calls.length > 50);
    const faults = calls.map(async ({ page, call }) => ({ page, call, fault: await findFault(call) }));
    assert.deepEqual(
      (await Promise.all(faults)).filter(({ fault }) => fault !== undefined),
      [],
    );
  });

  it('are run in the tests of the table, and each entry of the table is on a page', () => {
    for (const [command, [file, words]] of Object.entries(RUN_ELSEWHERE)) {
      assert.ok(
        [...commands, ...inText].some(({ text }) => text === command),
        command,
      );
      assert.ok(read(file).includes(words), `${file}: ${words}`);
    }
    for (const command of Object.keys(NOT_RUN))
      assert.ok(
        inText.some(({ text }) => text === command),
        command,
      );
  });
});

describe('the copy of a token for xrdcp', () => {
  it('is private, and the repeated line copies the token that is mounted at that time', async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'jwt-injector-xrdcp-'));
    const [mounted, copy] = [join(folder.path, 'mounted'), join(folder.path, 'copy')];
    writeFileSync(mounted, 'earlier');
    const { commands = '' } =
      (await readCommands('clients')).find((block) => block.commands.includes('install -m')) ?? {};
    const repeated =
      commands.split('\n').find((line) => line.includes('# repeat this line')) ?? assert.fail();
    const script = [commands, 'printf later >"$MOUNTED"', repeated, 'stat -c %a "$BEARER_TOKEN_FILE"'];
    const printed = execFileSync('sh', ['-ec', script.join('\n').replaceAll('/tmp/token', copy)], {
      env: { ...process.env, BEARER_TOKEN_FILE: mounted, MOUNTED: mounted },
      encoding: 'utf8',
    });
    assert.equal(printed, '600\n');
    assert.equal(readFileSync(copy, 'utf8'), 'later');
  });
});
