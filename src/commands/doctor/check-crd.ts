import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMember,
  type JsonObject,
} from '../../resources/json.ts';
import { GROUP, KIND, PLURAL, VERSION } from '../../resources/names.ts';
import { judge, problem, wellUnless, type Judgement } from '../installation/finding.ts';
import type { CommandPrinter } from '../cluster/command-printer.ts';
import { installCrd } from '../installation/remedies.ts';
import type { InstallationSnapshot } from './installation-snapshot.ts';

const NAME = `${PLURAL}.${GROUP}`;
/** Fields of the newest release, by which an older CRD is known: the API server drops what its schema does not name. */
const FIELDS: readonly (readonly ['spec' | 'status', string])[] = [
  ['spec', 'resignBefore'],
  ['spec', 'secretTemplate'],
  ['spec', 'deletionPolicy'],
  ['status', 'conditions'],
  ['status', 'publicKey'],
  ['status', 'retiredKeys'],
  ['status', 'tokenId'],
  ['status', 'lastRenew'],
];

/** The usual faults of a CRD that is not ours. */
function usualFaults(printer: CommandPrinter) {
  return {
    absent: problem(`the CRD ${NAME} is not installed: there are no JWTs`, installCrd(printer)),
    clusterScope: problem(
      `the CRD ${NAME} has the scope Cluster, as that of token-manager may: a JWT without a namespace gets no Secret`,
      `${printer.jwtInjector('migrate', 'check')} says how to replace it`,
    ),
    noStatus: problem(
      `the CRD ${NAME} has no subresource status, as that of token-manager: nothing is reported in JWTs`,
      installCrd(printer),
    ),
  };
}

/** Version, scope, subresource and fields of the CRD. */
export function checkCrd({ crd, api, printer }: InstallationSnapshot): readonly Judgement[] {
  const { absent, clusterScope, noStatus } = usualFaults(printer);
  // A user who is not allowed to read the CRD gets the most important part of it by discovery.
  if (crd.state === 'unread')
    return judge(api, absent, ({ namespaced, hasStatus }) =>
      wellUnless(
        [...(namespaced ? [] : [clusterScope]), ...(hasStatus ? [] : [noStatus])],
        `JWTs have a namespace and a status (${crd.why})`,
      ),
    );
  return judge(crd, absent, (object) => {
    const problems = findCrdFaults(object, printer);
    return wellUnless(problems, `the CRD ${NAME} is that of this version`);
  });
}

function findCrdFaults(crd: JsonObject, printer: CommandPrinter): readonly Judgement[] {
  const { clusterScope, noStatus } = usualFaults(printer);
  const spec = objectMember(crd, 'spec');
  if (stringMember(spec, 'scope') !== 'Namespaced') return [clusterScope];
  const conditions = arrayMember(objectMember(crd, 'status'), 'conditions');
  const refused = conditions.find(
    (condition) =>
      ['Established', 'NamesAccepted'].includes(stringMember(condition, 'type') ?? '') &&
      stringMember(condition, 'status') !== 'True',
  );
  if (refused !== undefined)
    return [
      problem(
        `the API server does not serve the CRD ${NAME}: ${stringMember(refused, 'reason') ?? 'not established'}`,
        `${printer.kubectl('describe', 'crd', NAME)}: another CRD may have the same names`,
      ),
    ];
  const version = arrayMember(spec, 'versions').find((entry) => stringMember(entry, 'name') === VERSION);
  if (version === undefined || member(version, 'served') !== true || member(version, 'storage') !== true)
    return [problem(`the CRD ${NAME} does not serve and store ${VERSION}`, installCrd(printer))];
  if (!isJsonObject(member(objectMember(version, 'subresources'), 'status'))) return [noStatus];
  const schema = objectMember(objectMember(version, 'schema'), 'openAPIV3Schema');
  const has = ([part, field]: (typeof FIELDS)[number]): boolean => {
    const inPart = objectMember(objectMember(schema, 'properties'), part);
    return objectMember(objectMember(inPart, 'properties'), field) !== undefined;
  };
  const missing = FIELDS.filter((field) => !has(field)).map((field) => field.join('.'));
  if (missing.length === 0) return [];
  return [
    problem(
      `the CRD of ${KIND} is of an older version: it has no ${missing.join(', ')}`,
      installCrd(printer),
    ),
  ];
}
