import { parseObjectKey } from '../../resources/object-key.ts';
import { explainingCommand, keyNamespaceWords } from '../cluster/command-printer.ts';
import { findLegacyKeyNamespace } from '../installation/deployment-flags.ts';
import { foundValue } from '../cluster/read-result.ts';
import { judge, problem, unknown, well, wellUnless, type Judgement } from '../installation/finding.ts';
import type { JwtGroup, JwtCensus } from './jwt-census.ts';
import { installCrd, readLogs } from '../installation/remedies.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';
import { MAX_MESSAGE_LENGTH } from '../output/message-length.ts';

/** The words for the JWTs in {@link JwtCensus.others}. */
const OTHER_PROBLEMS: Readonly<Record<string, string>> = {
  Unseen: 'not looked at by jwt-injector since they were created',
  Expired: 'with an expired token although they are Ready, so they are not renewed',
  RenewalOverdue: 'whose renewal is overdue',
  Contended: 'that keep changing, or their keys or Secrets do',
};

/** JWTs with a problem, by what it is. */
export function checkJwts(snapshot: InstallationSnapshot): readonly Judgement[] {
  const { jwts, printer } = snapshot;
  const keyNamespace = keyNamespaceOf(snapshot);
  const explain = (key: string): string => explainingCommand(printer, parseObjectKey(key), keyNamespace);
  const absent = problem('the API server knows no JWTs', installCrd(printer));
  return judge(jwts, absent, (census) => {
    const problems = [
      ...[...census.notReady].map(([reason, group]) =>
        problem(
          `${describeGroupSize(group)} not Ready, ${reason}; the first is ${group.first}: ${firstLine(group.message)}`,
          explain(group.first),
        ),
      ),
      ...[...census.others].map(([word, group]) => {
        const isOfService = word === 'Unseen' || word === 'Expired';
        const remedy = isOfService ? readLogs(snapshot) : explain(group.first);
        return problem(
          `${describeGroupSize(group)} ${OTHER_PROBLEMS[word] ?? word}; the first is ${group.first}`,
          remedy,
        );
      }),
    ];
    const all = [...wellUnless(problems, `${describeTotal(census)}, none has a problem`)];
    for (const group of census.unserved.values())
      all.push(
        unknown(
          `${describeGroupSize(group)} in namespaces that jwt-injector is not to serve (--namespaces); the first is ${group.first}`,
        ),
      );
    return census.isCut ? [...all, unknown(`only the first ${census.seen.size} JWTs were looked at`)] : all;
  });
}

/** Without those that are not to be served: nothing about them counts. */
function describeTotal({ seen, only, unserved }: JwtCensus): string {
  const where =
    only === undefined ? 'in all namespaces' : `in namespace ${only.namespace} (no further: ${only.why})`;
  const others = unserved.get('Unserved')?.count ?? 0;
  const size = seen.size - others;
  return `${size} ${size === 1 ? 'JWT' : 'JWTs'}${others === 0 ? '' : ' to serve'} ${where}`;
}

function describeGroupSize({ count }: JwtGroup): string {
  return `${count} ${count === 1 ? 'JWT' : 'JWTs'}`;
}

function firstLine(message: string): string {
  const [line = ''] = message.split('\n');
  return line.length > MAX_MESSAGE_LENGTH ? `${line.slice(0, MAX_MESSAGE_LENGTH)} …` : line;
}

/** The namespace that the service takes for keys whose JWTs name none, so that printed commands take it, too. */
function keyNamespaceOf({ deployment, controller }: InstallationSnapshot): string | undefined {
  return findLegacyKeyNamespace(foundValue(controller) ?? foundValue(deployment));
}

/** `migrate check` reports all of it; this only points to it. */
export function checkTokenManager(snapshot: InstallationSnapshot): readonly Judgement[] {
  const { oldDeployments, jwts, printer } = snapshot;
  const leftovers = jwts.state === 'found' ? jwts.value.withLeftovers.get('KopfLeftovers') : undefined;
  const absent = unknown('this API server knows no Deployments');
  return judge(oldDeployments, absent, (deployments) => {
    const problems = [
      ...deployments.map(({ namespace, name, replicas }) =>
        replicas > 0
          ? problem(
              `token-manager still runs (Deployment ${namespace}/${name}): both sign the same JWTs`,
              printer.kubectl('scale', 'deployment', name, '-n', namespace, '--replicas=0'),
            )
          : problem(
              `token-manager is stopped, but still installed (Deployment ${namespace}/${name})`,
              printer.jwtInjector('migrate', 'check', '-A', ...keyNamespaceWords(keyNamespaceOf(snapshot))),
            ),
      ),
      ...(leftovers === undefined
        ? []
        : [
            problem(
              `${describeGroupSize(leftovers)} with a finalizer or annotations of token-manager; the first is ${leftovers.first}`,
              `${printer.jwtInjector('migrate', 'clean', '-A')}, once token-manager is stopped`,
            ),
          ]),
    ];
    return problems.length > 0 ? problems : [well('nothing is left of token-manager')];
  });
}
