import { member, objectMember, stringMap } from '../../resources/json.ts';
import { findNamespaces, isPromptDelivery } from '../installation/deployment-flags.ts';
import { judge, problem, unknown, well, type Judgement } from '../installation/finding.ts';
import { foundValue } from '../cluster/read-result.ts';
import { installAgain } from '../installation/remedies.ts';
import { describeRight } from './shipped-rights.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';

/** Checks the rights of the service. */
export function checkServiceRights({
  deployment,
  controller,
  missingRights,
  namespace,
  printer,
}: InstallationSnapshot): readonly Judgement[] {
  const namespaces = findNamespaces(foundValue(controller) ?? foundValue(deployment));
  if (!namespaces.ok) return [namespaces.problem];
  return judge(
    missingRights,
    unknown('this API server does not say what others are allowed to do'),
    (missing) =>
      missing.length === 0
        ? [well('jwt-injector has all the rights that it needs')]
        : [
            problem(
              `the ServiceAccount of jwt-injector in ${namespace} is not allowed to ${[...new Set(missing.map(describeRight))].join(', ')}`,
              installAgain(printer),
            ),
          ],
  );
}

/** Checks the policy that limits the right to patch pods, if there is that right. */
export function checkDeliveryPolicy({
  deployment,
  controller,
  deliveryBinding,
  printer,
}: InstallationSnapshot): readonly Judgement[] {
  if (!isPromptDelivery(foundValue(controller) ?? foundValue(deployment))) return [];
  const absent = problem(
    'jwt-injector is allowed to patch pods, and no ValidatingAdmissionPolicyBinding jwt-injector-delivery limits that to one annotation',
    installAgain(printer),
  );
  return judge(deliveryBinding, absent, () => [
    well('of pods, a policy lets jwt-injector change one annotation only'),
  ]);
}

/** Checks the rights of the caller. */
export function checkOwnRights({ mayCreateJwts, tryNamespace }: InstallationSnapshot): readonly Judgement[] {
  return judge(
    mayCreateJwts,
    unknown('this API server does not say what you are allowed to do'),
    (isAllowed) => [
      isAllowed
        ? well(`you are allowed to create JWTs in namespace ${tryNamespace}`)
        : unknown(
            `you are not allowed to create JWTs in namespace ${tryNamespace}: the roles edit and admin contain that right`,
          ),
    ],
  );
}

const LABEL = 'rbac.authorization.k8s.io/aggregate-to-';

/** Checks the role by which anyone who may edit a namespace may edit its JWTs. */
export function checkEditRole({ editRole, printer }: InstallationSnapshot): readonly Judgement[] {
  // editRole.enabled=false of the chart leaves it out on purpose.
  const absent = unknown('there is no ClusterRole jwt-injector-edit: only administrators edit JWTs');
  return judge(editRole, absent, (object) => {
    const labels = stringMap(member(objectMember(object, 'metadata'), 'labels'));
    const missing = ['admin', 'edit'].filter((role) => labels[`${LABEL}${role}`] !== 'true');
    return missing.length === 0
      ? [well('the roles edit and admin contain the rights on JWTs')]
      : [
          problem(
            `ClusterRole jwt-injector-edit is not aggregated to ${missing.join(' and ')}: those who have ${missing.length === 1 ? 'that role' : 'these roles'} cannot edit JWTs`,
            installAgain(printer),
          ),
        ];
  });
}
