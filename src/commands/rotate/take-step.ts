import type { Jwt } from '../../resources/jwt.ts';
import { fail, ok, type Result } from '../../resources/result.ts';
import { explainingCommand } from '../cluster/command-printer.ts';
import { isNewKeyAlgorithm, type NewKeyAlgorithm } from '../../signing/generate-key.ts';
import { toMilliseconds, type Milliseconds, type Seconds } from '../../time/units.ts';
import type { Access } from '../cluster/connect.ts';
import { whyNotSigned } from '../cluster/why-not-signed.ts';
import { EXIT, type CommandProblem } from '../command.ts';
import { findService } from '../installation/service-state.ts';
import type { Io } from '../io.ts';
import type { OutputFormat } from '../output/report-output.ts';
import {
  finishRotation,
  forgetPublished,
  makeNewKey,
  notePublished,
  noteWait,
  switchKey,
} from './actions.ts';
import type { RotationState, RotationStep } from './next-step.ts';
import { writeDocuments } from './write-documents.ts';

/** The options of `rotate`. */
export interface RotateOptions {
  readonly name: string;
  /** `undefined`: that of the JWT, if a key can be made for it. */
  readonly algorithm: NewKeyAlgorithm | undefined;
  /** The folder in which the documents of the issuer are written. */
  readonly dir: string | undefined;
  /** `undefined`: as long as an earlier run was asked to, or the shortest time. */
  readonly wait: Seconds | undefined;
  /** Do what can be done now, and end. */
  readonly noWait: boolean;
  readonly force: boolean;
  /** The value of the service's flag. */
  readonly legacyKeyNamespace: string | undefined;
  /** The flags of this run that say how cluster and issuer are read: any other run needs them, too. */
  readonly readingFlags: readonly string[];
  readonly output: OutputFormat;
}

interface StepContext {
  readonly access: Access;
  readonly options: RotateOptions;
  readonly io: Io;
}

/** Between two looks at the cluster. */
export const LOOK_SOON_MS: Milliseconds = 500;
/** Between two looks at the issuer, which may be a static site behind a cache. */
const LOOK_AGAIN_MS: Milliseconds = 15_000;
/** A running service signs within a second. */
const SIGNS_WITHIN_MS: Milliseconds = 60_000;

type Taken = Result<Milliseconds, CommandProblem>;

/** Takes the step; gives how long to wait before the next look. Errors of the API server are thrown. */
export async function takeStep(
  step: RotationStep,
  { jwt, rotation, wait, now }: RotationState,
  context: StepContext,
): Promise<Taken> {
  const { access, options } = context;
  const { legacyKeyNamespace } = options;
  const target = { client: access.client, jwt };
  switch (step.do) {
    case 'make-key': {
      const algorithm = chooseAlgorithm(options.algorithm, jwt.spec.ok ? jwt.spec.value.algorithm : '');
      await makeNewKey(target, { algorithm, wait, legacyKeyNamespace });
      return ok(0);
    }
    case 'note-wait':
      if (rotation !== undefined) await noteWait(target, rotation, wait);
      return ok(0);
    case 'publish': {
      if (rotation?.publishedAt !== undefined) await forgetPublished(target, rotation);
      const written = await publish(context);
      return written.ok ? ok(LOOK_AGAIN_MS) : written;
    }
    case 'look-again':
      return ok(LOOK_AGAIN_MS);
    case 'note-published':
      if (rotation !== undefined) await notePublished(target, rotation, now);
      return ok(0);
    case 'wait':
      return ok(toMilliseconds(step.until - now));
    case 'switch': {
      // By force nothing was published yet: what verifiers are to fetch is there before a token needs it.
      const written = rotation?.publishedAt === undefined ? await publish(context) : ok(undefined);
      if (!written.ok) return written;
      if (rotation !== undefined) await switchKey(target, rotation, { now, legacyKeyNamespace });
      return ok(0);
    }
    case 'await-signature':
      return awaitSignature(jwt, toMilliseconds(now - (rotation?.switchedAt ?? now)), context);
    case 'reverted':
    case 'keep-old':
    case 'await-others':
      return ok(0);
    case 'finish':
      await finishRotation(target);
      return ok(0);
    default:
      return step satisfies never;
  }
}

function publish({ access, options, io }: StepContext): ReturnType<typeof writeDocuments> {
  return writeDocuments(access, options.name, options.dir, io);
}

async function awaitSignature(
  jwt: Jwt,
  waited: Milliseconds,
  { access, options }: Pick<StepContext, 'access' | 'options'>,
): Promise<Taken> {
  if (waited < SIGNS_WITHIN_MS) return ok(LOOK_SOON_MS);
  const service = await findService(access);
  const refusal = whyNotSigned(jwt);
  const besides = service.runs === false ? `; besides, ${service.words}` : '';
  const words = refusal === undefined ? service.words : `${refusal}${besides}`;
  const where = `${jwt.namespace}/${jwt.name}`;
  const explain = explainingCommand(access.printer, jwt, options.legacyKeyNamespace);
  const message = `JWT ${where} is changed to the new key, and no token is signed with it yet: ${words}; see ${explain}`;
  return fail({ exit: EXIT.outside, message });
}

function chooseAlgorithm(wanted: NewKeyAlgorithm | undefined, present: string): NewKeyAlgorithm {
  return wanted ?? (isNewKeyAlgorithm(present) ? present : 'ES256');
}
