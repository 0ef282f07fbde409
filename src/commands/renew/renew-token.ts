import type { ObjectName } from '../../resources/object-key.ts';
import { toSeconds, type Milliseconds } from '../../time/units.ts';
import { isTransient, KubeError } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import { resourcePath } from '../../kube/resource-path.ts';
import { systemClock } from '../../time/clock.ts';
import { formatTime, parseTime, formatWhen } from '../../time/format-time.ts';
import { parseJwt, type Jwt } from '../../resources/jwt.ts';
import { REFRESHED_WITHIN } from '../../resources/kubelet.ts';
import { RENEW } from '../../resources/names.ts';
import { fail, type Result } from '../../resources/result.ts';
import type { Access } from '../cluster/connect.ts';
import { findJwt } from '../cluster/find-jwt.ts';
import type { Io } from '../io.ts';
import { isServed, newRequest, RENEW_FIELD_MANAGER } from './renew-request.ts';
import { nudgeMountingPods, type NudgedPods, type NudgeOutcome } from './nudge-pods.ts';
import { findService } from '../installation/service-state.ts';
import { whyNotSigned } from '../cluster/why-not-signed.ts';
import { formatTable } from '../output/table.ts';
import { printProblems } from '../print-problems.ts';
import { printReport, type OutputFormat, type Paint } from '../output/report-output.ts';
import { EXIT, type ExitCode } from '../command.ts';
import { JWTS } from '../../kube/known-resources.ts';

/** The options of `renew`. */
export interface RenewOptions {
  readonly name: string;
  /** `undefined` to only request the token. */
  readonly timeout: Milliseconds | undefined;
  /** Whether to nudge the pods that mount the token, so that they have it within seconds. */
  readonly isPrompt: boolean;
  readonly output: OutputFormat;
}

/** The reported facts about a token. Tokens of token-manager have no id; times in RFC 3339. */
interface ShownToken {
  readonly tokenId: string | undefined;
  readonly expiresAt: string | undefined;
}

interface RenewReport extends ObjectName {
  /** The value of the annotation that requests it. */
  readonly requested: string;
  readonly before: ShownToken;
  /** `undefined` when it was only requested. */
  readonly after: ShownToken | undefined;
  /**
   * Names of the pods that were nudged, by the word of the flag; `undefined` when that was not asked for, or when the pods
   * could not be listed.
   */
  readonly prompted: readonly string[] | undefined;
  /** How many running pods mount the token; those that were not nudged see it when the kubelet next looks. */
  readonly mounting: number | undefined;
}

const POLL_MS = 200;
/** A condition may be older than the request: by then a running service has processed it. */
const GRACE_MS = 3_000;

/** Sets the annotation that requests a new token, and waits until the status says that it is served. */
export async function renewToken(
  access: Access,
  { name, timeout, isPrompt, output }: RenewOptions,
  io: Io,
): Promise<ExitCode> {
  const { client, namespace } = access;
  const found = await findJwt(access, namespace, name);
  if (!found.ok) return printProblems([found.problem], io);
  const jwt = found.value;
  if (jwt.isDeleting)
    return printFailure(`JWT ${namespace}/${name} is being deleted: no new token is signed`, EXIT.refused);

  const requested = newRequest(Date.now());
  const path = resourcePath(JWTS, { namespace, name });
  await client.mergePatch(
    path,
    { metadata: { annotations: { [RENEW]: requested } } },
    { query: { fieldManager: RENEW_FIELD_MANAGER } },
  );
  const report = { namespace, name, requested, before: tokenOf(jwt) };
  const print = (after: ShownToken | undefined, nudges: NudgeOutcome | undefined): void => {
    const { nudged: prompted, mounting } = nudges?.pods ?? {};
    printReport<RenewReport>(io, output, { ...report, after, prompted, mounting }, (facts, paint) =>
      describeRenewReport(facts, nudges, paint),
    );
  };
  if (timeout === undefined) {
    print(undefined, undefined);
    return EXIT.done;
  }
  const outcome = await waitForToken(client, path, { before: jwt, requested, timeout });
  if (outcome.what === 'renewed') {
    const nudges = isPrompt ? await nudgeMountingPods(access, name) : undefined;
    print(tokenOf(outcome.jwt), nudges);
    const problems = nudges?.problems ?? [];
    for (const problem of problems) printFailure(problem, EXIT.outside);
    return problems.length === 0 ? EXIT.done : EXIT.outside;
  }
  if (outcome.what === 'gone') {
    const again = outcome.isNew ? ' and created again' : '';
    return printFailure(`JWT ${namespace}/${name} was deleted${again} meanwhile`, EXIT.refused);
  }
  const service = await findService(access);
  if (outcome.what === 'refused') {
    const message = `JWT ${namespace}/${name} gets no new token: ${outcome.message}`;
    if (service.runs !== false)
      return printFailure(
        message,
        EXIT.refused,
        'The request stays, and is served as soon as that is fixed.',
      );
    return printFailure(message, EXIT.outside, `Besides, ${service.words}`, UNTIL_PROCESSED);
  }
  const waited = `no new token for JWT ${namespace}/${name} within ${toSeconds(timeout)} s`;
  return printFailure(`${waited}: ${service.words}`, EXIT.outside, UNTIL_PROCESSED);

  /** Prints a failure, and its consequences, each in a line of its own. */
  function printFailure(message: string, exit: ExitCode, ...more: readonly string[]): ExitCode {
    for (const line of [`error: ${message}`, ...more]) io.stderr.write(`${line}\n`);
    return exit;
  }
}

const UNTIL_PROCESSED = 'The request stays, and is served as soon as jwt-injector processes it.';

type Waited =
  | { readonly what: 'renewed'; readonly jwt: Jwt }
  | { readonly what: 'refused'; readonly message: string }
  /** `isNew`: another object has its name. */
  | { readonly what: 'gone'; readonly isNew: boolean }
  | { readonly what: 'timeout' };

interface AwaitedToken {
  /** The JWT as it was before the request. */
  readonly before: Jwt;
  readonly requested: string;
  readonly timeout: Milliseconds;
}

async function waitForToken(
  client: Access['client'],
  path: string,
  { before, requested, timeout }: AwaitedToken,
): Promise<Waited> {
  const start = systemClock.monotonic();
  for (;;) {
    const jwt = await fetchJwt(client, path);
    const waited = systemClock.monotonic() - start;
    if (jwt === undefined) return { what: 'gone', isNew: false };
    if (jwt.ok && jwt.value.uid !== before.uid) return { what: 'gone', isNew: true };
    if (jwt.ok && isServed(requested, before, jwt.value)) return { what: 'renewed', jwt: jwt.value };
    const message = jwt.ok ? whyNotSigned(jwt.value) : undefined;
    if (message !== undefined && waited >= Math.min(GRACE_MS, timeout)) return { what: 'refused', message };
    if (waited >= timeout) return { what: 'timeout' };
    await systemClock.sleep(Math.min(POLL_MS, timeout - waited));
  }
}

/** An API server that does not answer for a moment is asked again. `undefined`: there is no such JWT any more. */
async function fetchJwt(client: Access['client'], path: string): Promise<Result<Jwt, string> | undefined> {
  try {
    const object = await findObject(client, path);
    return object === undefined ? undefined : parseJwt(object);
  } catch (error) {
    if (!isTransient(error) || !(error instanceof KubeError)) throw error;
    return fail(error.message);
  }
}

function tokenOf({ recorded: { tokenId, expiresAt } }: Jwt): ShownToken {
  return { tokenId, expiresAt: expiresAt === undefined ? undefined : formatTime(expiresAt) };
}

function describeRenewReport(
  { namespace, name, before, after }: RenewReport,
  nudges: NudgeOutcome | undefined,
  paint: Paint,
): readonly string[] {
  const title = paint('bold', `JWT ${namespace}/${name}`);
  if (after === undefined) return [`${title}: a new token is requested`];
  const rows = [describeShown('before', before), describeShown('now', after)];
  const delivery = nudges === undefined ? [] : [`  ${describeNudged(nudges.pods)}`];
  return [`${title}: ${paint('green', 'renewed')}`, ...formatTable(rows), ...delivery];
}

function describeShown(word: string, { tokenId, expiresAt }: ShownToken): readonly string[] {
  const seconds = parseTime(expiresAt);
  const until = seconds === undefined ? '' : `expires ${formatWhen(seconds, toSeconds(Date.now()))}`;
  return [`  ${word}`, tokenId ?? (expiresAt === undefined ? 'none' : 'without an id'), until];
}

function describeNudged(pods: NudgedPods | undefined): string {
  if (pods === undefined) return 'which pods mount it is not known';
  const { mounting, nudged } = pods;
  if (mounting === 0) return 'no running pod mounts it';
  const rest = mounting - nudged.length;
  const others = rest === 0 ? '' : `, ${rest} within ${REFRESHED_WITHIN} s`;
  return `${nudged.length === 1 ? '1 pod sees' : `${nudged.length} pods see`} it within a second or two${others}`;
}
