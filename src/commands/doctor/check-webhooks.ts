import { MAX_WEBHOOK_ENTRIES } from '../../certificates/webhook-configuration.ts';
import { arrayMember, member, objectMember, stringMember, type JsonObject } from '../../resources/json.ts';
import { APP, GROUP } from '../../resources/names.ts';
import { judge, problem, wellUnless, type Judgement } from '../installation/finding.ts';
import { foundValue, type ReadResult } from '../cluster/read-result.ts';
import { hasNamespaceDefault } from '../installation/deployment-flags.ts';
import { installAgain } from '../installation/remedies.ts';
import { MUTATING_ENTRIES, VALIDATING_ENTRIES, type ShippedEntry } from './shipped-webhooks.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';
import type { Seconds } from '../../time/units.ts';

/** Compares the requests about pods and workloads that the API server sends with the shipped configuration. */
export function checkMutating(snapshot: InstallationSnapshot): readonly Judgement[] {
  const installed = foundValue(snapshot.deployment);
  // If the Deployment could not be read, nobody knows whether it takes the default by label.
  const mayLackDefault = installed === undefined || !hasNamespaceDefault(installed);
  return checkConfiguration(
    'MutatingWebhookConfiguration',
    snapshot.mutating,
    (entries) =>
      MUTATING_ENTRIES.filter(
        ({ name }) => name !== NAMESPACE_DEFAULT_ENTRY || !isLeftOut(entries, mayLackDefault),
      ),
    snapshot,
    'no pod gets its token',
  );
}

/** Compares the requests about JWTs that the API server sends with the shipped configuration. */
export function checkValidating(snapshot: InstallationSnapshot): readonly Judgement[] {
  return checkConfiguration(
    'ValidatingWebhookConfiguration',
    snapshot.validating,
    () => VALIDATING_ENTRIES,
    snapshot,
    'mistakes in JWTs are reported only in their status',
  );
}

function checkConfiguration(
  kind: string,
  looked: ReadResult<JsonObject>,
  shippedFor: (entries: readonly unknown[]) => readonly ShippedEntry[],
  { namespace, printer }: Pick<InstallationSnapshot, 'namespace' | 'printer'>,
  without: string,
): readonly Judgement[] {
  const remedy = installAgain(printer);
  const absent = problem(`there is no ${kind} ${APP}: ${without}`, remedy);
  return judge(looked, absent, (object) => {
    const entries = arrayMember(object, 'webhooks').slice(0, MAX_WEBHOOK_ENTRIES);
    const wanted = shippedFor(entries);
    const problems = [
      ...wanted.flatMap((entry) =>
        findEntryFaults(entry, findEntry(entries, entry.name), namespace, without),
      ),
      ...findOrderFaults(entries, wanted),
    ].map((fault) => problem(fault, remedy));
    return wellUnless(
      problems,
      `${kind} ${APP} has its ${wanted.length} ${wanted.length === 1 ? 'entry' : 'entries'} as shipped`,
    );
  });
}

const NAME_LABEL = 'kubernetes.io/metadata.name';
const NAMESPACE_DEFAULT_ENTRY = `namespace-default.${GROUP}`;

/** Whether the default by label may be missing: if only some namespaces are served, or an administrator left it out. */
function isLeftOut(entries: readonly unknown[], mayLackDefault: boolean): boolean {
  if (mayLackDefault && findEntry(entries, NAMESPACE_DEFAULT_ENTRY) === undefined) return true;
  const pods = findEntry(entries, `pods.${GROUP}`);
  return readSelector(pods).some((line) => line.startsWith(`${NAME_LABEL} In `));
}

function findEntry(entries: readonly unknown[], name: string): unknown {
  return entries.find((entry) => stringMember(entry, 'name') === name);
}

function findOrderFaults(entries: readonly unknown[], wanted: readonly ShippedEntry[]): readonly string[] {
  const names = wanted.map(({ name }) => name);
  const found = entries
    .map((entry) => stringMember(entry, 'name') ?? '')
    .filter((name) => names.includes(name));
  const expected = names.filter((name) => found.includes(name));
  return found.join() === expected.join() ? [] : [`the entries are not in their order (${found.join(', ')})`];
}

function findEntryFaults(
  shipped: ShippedEntry,
  entry: unknown,
  namespace: string,
  without: string,
): readonly string[] {
  const { name } = shipped;
  if (entry === undefined) return [`the entry ${name} is missing: ${without}`];
  return listDifferences(shipped, entry, namespace).map((text) => `${name}: ${text}`);
}

function listDifferences(shipped: ShippedEntry, entry: unknown, namespace: string): readonly string[] {
  const text = (key: string): string => stringMember(entry, key) ?? '';
  const differences: string[] = [];
  const policy = text('failurePolicy');
  if (policy !== shipped.failurePolicy)
    differences.push(`failurePolicy is ${policy}, and not ${shipped.failurePolicy}: ${shipped.otherwise}`);
  differences.push(...checkPlace(shipped, objectMember(entry, 'clientConfig'), namespace));
  const rules = readRules(entry);
  const unsent = shipped.rules.filter((rule) => !rules.includes(rule));
  if (unsent.length > 0) differences.push(`its rules do not send ${unsent.join(', ')}`);
  const unasked = rules.filter((rule) => !shipped.rules.includes(rule));
  if (unasked.length > 0) differences.push(`its rules send ${unasked.join(', ')}, which it does not need`);
  differences.push(...checkSelectors(shipped, entry, namespace), ...checkConditions(shipped, entry));
  if (text('sideEffects') !== 'None')
    differences.push(`sideEffects is ${text('sideEffects')}: dry runs are refused`);
  if (text('matchPolicy') === 'Exact')
    differences.push('matchPolicy is Exact: requests for other API versions are not sent to the webhook');
  const again = stringMember(entry, 'reinvocationPolicy');
  if (again === 'Never')
    differences.push('reinvocationPolicy is Never: containers that later webhooks add get no token');
  const timeout = member(entry, 'timeoutSeconds');
  if (typeof timeout === 'number' && timeout < MIN_TIMEOUT)
    differences.push(`timeoutSeconds is ${timeout}: a busy moment is enough to refuse a pod`);
  return differences;
}

/** Shipped are 5 s; a handshake and a review under load take up to two. */
const MIN_TIMEOUT: Seconds = 3;

function checkPlace(
  { path }: ShippedEntry,
  config: JsonObject | undefined,
  namespace: string,
): readonly string[] {
  const service = objectMember(config, 'service');
  const url = stringMember(config, 'url');
  if (service === undefined) {
    const called = url !== undefined && URL.canParse(url) ? new URL(url).pathname : undefined;
    return called === path ? [] : [`its url has the path ${called ?? '/'}, and not ${path}`];
  }
  const called = stringMember(service, 'path') ?? '/';
  const [name, where] = [stringMember(service, 'name'), stringMember(service, 'namespace')];
  const given = member(service, 'port');
  const port = typeof given === 'number' ? given : HTTPS;
  return [
    ...(called === path ? [] : [`it calls the path ${called}, and not ${path}`]),
    ...(name === APP && where === namespace
      ? []
      : [`it calls the Service ${where}/${name}, and not ${namespace}/${APP}`]),
    ...(port === HTTPS ? [] : [`it calls the port ${port}, and not ${HTTPS}`]),
  ];
}

const HTTPS = 443;

function readRules(entry: unknown): readonly string[] {
  return arrayMember(entry, 'rules').flatMap((rule) =>
    texts(rule, 'operations').flatMap((operation) =>
      texts(rule, 'apiGroups').flatMap((group) =>
        texts(rule, 'resources').map((resource) => `${operation} ${group}/${resource}`),
      ),
    ),
  );
}

function texts(rule: unknown, key: string): readonly string[] {
  return arrayMember(rule, key).filter((value) => typeof value === 'string');
}

function checkSelectors(shipped: ShippedEntry, entry: unknown, namespace: string): readonly string[] {
  const lines = readSelector(entry);
  const excluded = new Set(
    lines
      .filter((line) => line.startsWith(`${NAME_LABEL} NotIn `))
      .flatMap((line) => line.split(' ')[2]?.split(',') ?? []),
  );
  const missing = ['kube-system', namespace].filter((name) => !excluded.has(name));
  const lost = shipped.selector.filter((line) => !lines.includes(line));
  const hasObjectSelector = Object.keys(objectMember(entry, 'objectSelector') ?? {}).length > 0;
  return [
    ...(missing.length === 0
      ? []
      : [
          `its namespaceSelector does not leave out ${missing.join(' and ')}: those pods depend on jwt-injector`,
        ]),
    ...(lost.length === 0
      ? []
      : [`its namespaceSelector lacks "${lost.map((line) => line.trim()).join('", "')}"`]),
    ...(hasObjectSelector ? ['it has an objectSelector: pods without that label get no token'] : []),
  ];
}

/** `key operator values`, each of the expressions. */
function readSelector(entry: unknown): readonly string[] {
  return arrayMember(objectMember(entry, 'namespaceSelector'), 'matchExpressions').map((expression) => {
    const values = arrayMember(expression, 'values').join(',');
    return `${stringMember(expression, 'key')} ${stringMember(expression, 'operator')} ${values}`;
  });
}

function checkConditions({ conditions }: ShippedEntry, entry: unknown): readonly string[] {
  const found = new Map(
    arrayMember(entry, 'matchConditions').map((condition) => [
      stringMember(condition, 'name') ?? '',
      (stringMember(condition, 'expression') ?? '').replaceAll(/\s+/g, ' ').trim(),
    ]),
  );
  const missing = Object.keys(conditions).filter((name) => !found.has(name));
  const changed = Object.entries(conditions).filter(([name, text]) => (found.get(name) ?? text) !== text);
  const added = [...found.keys()].filter((name) => !Object.hasOwn(conditions, name));
  return [
    ...missing.map(
      (name) => `the matchCondition ${name} is missing: objects that do not ask for a token are sent as well`,
    ),
    ...changed.map(([name]) => `the matchCondition ${name} is not that of this version`),
    ...added.map((name) => `it has a matchCondition ${name} of somebody else: some pods may not be sent`),
  ];
}
