import { METADATA_ONLY } from '../../kube/client.ts';
import { isForbidden } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import { NAMESPACES } from '../../kube/known-resources.ts';
import { resourcePath, type Resource } from '../../kube/resource-path.ts';
import {
  arrayMember,
  isJsonObject,
  member,
  objectMember,
  stringMember,
  type JsonObject,
} from '../../resources/json.ts';
import { readNamespaceDefault } from '../../resources/namespace-default.ts';
import type { Access } from '../cluster/connect.ts';
import { describeRequest } from '../cluster/api-errors.ts';
import { findKind, type LiveKind } from '../workloads/kinds.ts';
import { explainObject, type ObjectReport } from './explain-object.ts';
import { describeObject } from './object-lines.ts';
import { findToken, type TokenReport } from './token-report.ts';
import type { Io } from '../io.ts';
import { formatTable } from '../output/table.ts';
import { printReport, type OutputFormat, type Paint } from '../output/report-output.ts';
import { EXIT, type ExitCode } from '../command.ts';

/** All that is reported of an object in the cluster, as `-o json` prints it. */
interface LiveReport extends ObjectReport {
  readonly tokenStates: readonly TokenReport[];
  readonly notes: readonly string[];
}

/**
 * `jwt-injector explain pod|deployment|… NAME`: what the webhook would decide if it were created now, and whether the
 * tokens that it names are available. Exit code 1 when it is refused, does not exist, or a token of it is missing or not Ready.
 */
export async function explainLive(
  access: Access,
  { kind, name, output }: { readonly kind: LiveKind; readonly name: string; readonly output: OutputFormat },
  io: Io,
): Promise<ExitCode> {
  const { client, namespace } = access;
  const object = await findObject(client, resourcePath(kind, { namespace, name }));
  if (object === undefined) {
    io.stderr.write(`error: there is no ${kind.kind} "${name}" in namespace ${namespace}\n`);
    return EXIT.refused;
  }
  const label = await askForDefault(client, namespace);
  const made = { ...asMade(object), kind: kind.kind, apiVersion: apiVersionOf(kind) };
  const [explained] = explainObject({ object: made, path: [], written: () => undefined }, () => label.value);
  if (explained === undefined) throw new Error(`${kind.kind} is a kind that gets tokens`);
  const tokenStates = await Promise.all(
    explained.report.tokens.map((token) => findToken(access, namespace, token)),
  );
  const owner = readOwner(object);
  const notes = [
    ...label.notes,
    ...noteOwner(owner, access),
    ...describeTiming(kind.kind, explained.report, owner),
  ];
  const report: LiveReport = { ...explained.report, tokenStates, notes };
  printReport(io, output, report, (facts, paint) => [
    ...describeObject({ ...explained, report: facts }, { source: '', isMade: true }, paint),
    ...facts.notes.map((note) => paint('yellow', `note: ${note}`)),
    ...describeTokens(facts.tokenStates, paint),
  ]);
  const hasAll = tokenStates.every(({ state }) => state === 'available');
  return report.decision === 'deny' || !hasAll ? EXIT.refused : EXIT.done;
}

function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The object as it would be created now: without the additions of the cluster. */
function asMade(object: JsonObject): JsonObject {
  const { managedFields: _fields, ...metadata } = objectMember(object, 'metadata') ?? {};
  const { status: _status, ...rest } = object;
  const spec = objectMember(object, 'spec');
  const { ephemeralContainers: _debug, ...kept } = spec ?? {};
  return { ...rest, metadata, ...(spec === undefined ? {} : { spec: kept }) };
}

async function askForDefault(
  client: Access['client'],
  namespace: string,
): Promise<{ readonly value: string | undefined; readonly notes: readonly string[] }> {
  try {
    const object = await client.get(resourcePath(NAMESPACES, { name: namespace }), { accept: METADATA_ONLY });
    return { value: readNamespaceDefault(object), notes: [] };
  } catch (error) {
    if (!isForbidden(error)) throw error;
    const note = `you are not allowed to ${describeRequest(error)}: it is not known whether its label names a default token; this assumes that it does not`;
    return { value: undefined, notes: [note] };
  }
}

/** The object that makes a pod, and another one if that is deleted. */
interface PodMaker {
  readonly kind: string;
  readonly name: string;
}

function readOwner(object: JsonObject): PodMaker | undefined {
  const owner = arrayMember(objectMember(object, 'metadata'), 'ownerReferences')
    .filter(isJsonObject)
    .find((reference) => member(reference, 'controller') === true);
  if (owner === undefined) return undefined;
  return { kind: stringMember(owner, 'kind') ?? '', name: stringMember(owner, 'name') ?? '' };
}

function noteOwner(
  owner: PodMaker | undefined,
  { namespace, printer }: Pick<Access, 'namespace' | 'printer'>,
): readonly string[] {
  if (owner === undefined) return [];
  const { kind, name } = owner;
  const hint =
    findKind(kind) === undefined
      ? ''
      : ` (${printer.jwtInjector('explain', kind.toLowerCase(), name, '-n', namespace)})`;
  return [`it is managed by ${kind} ${name}: change it there${hint}`];
}

/** A pod is changed only when it is created. */
function describeTiming(
  kind: string,
  { decision }: ObjectReport,
  owner: PodMaker | undefined,
): readonly string[] {
  if (kind !== 'Pod') return [];
  if (decision === 'inject') {
    const remedy =
      owner === undefined
        ? 'Delete it, and create it again with its annotation'
        : `Delete it, and ${owner.kind} ${owner.name} makes another one; the annotation has to be in its pod template`;
    return [
      `this pod runs without its token: it was created before it was annotated, or while the webhook was not available. ${remedy}`,
    ];
  }
  return decision === 'deny'
    ? ['this pod was created before the cause of the refusal: a new one would be refused']
    : [];
}

function describeTokens(tokens: readonly TokenReport[], paint: Paint): readonly string[] {
  if (tokens.length === 0) return [];
  const rows = tokens.map(({ name, state, message }) => [
    `  ${name}`,
    paint(state === 'available' ? 'green' : 'red', state),
    message,
  ]);
  return ['', paint('bold', 'Tokens that it names'), ...formatTable(rows)];
}
