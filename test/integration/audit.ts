import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from './objects.ts';

/** An API server that writes down what was asked of it; unless told otherwise, who created which pod, and what webhooks said. */
export interface Audit extends AsyncDisposable {
  readonly apiServerArgs: readonly string[];
  /** The first event, past or to come, that fits. */
  waitForEvent(fits: (event: Loose) => boolean): Promise<Loose>;
  /** All events so far. */
  events(): Promise<readonly Loose[]>;
}

const CREATED_PODS = {
  level: 'Metadata',
  verbs: ['create'],
  resources: [{ group: '', resources: ['pods'] }],
};

/** `rules` of the audit policy; what fits none of them is not written down. */
export async function prepareAudit(rules: readonly object[] = [CREATED_PODS]): Promise<Audit> {
  const folder = await mkdtemp(join(tmpdir(), 'jwt-injector-audit-'));
  const [policy, log] = [join(folder, 'policy.json'), join(folder, 'audit.log')];
  await writeFile(
    policy,
    JSON.stringify({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      omitStages: ['RequestReceived'],
      rules: [...rules, { level: 'None' }],
    }),
  );
  const events = async (): Promise<readonly Loose[]> =>
    (await readFile(log, 'utf8'))
      .split('\n')
      .slice(0, -1) // the last one may be half written
      .map((line): Loose => JSON.parse(line));
  return {
    apiServerArgs: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'],
    waitForEvent: (fits) => waitUntil('an audit event', 10_000, async () => (await events()).find(fits)),
    events,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
