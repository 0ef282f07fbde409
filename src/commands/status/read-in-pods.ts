import { execInPod, type ExecProblem } from '../../kube/exec.ts';
import { objectKey } from '../../resources/object-key.ts';
import { MAX_TOKEN_BYTES } from '../../resources/secret.ts';
import type { ClusterAccess } from '../cluster/connect.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import { compareToken, type HeldFile } from './held-token.ts';
import type { JwtState } from './jwt-state.ts';
import type { MountedFile, PodMounts } from './pod-mounts.ts';
import { heldKey, type Seen } from './status-report.ts';

/** Each is a process in a container. */
const MAX_READ_FILES = 500;
const EXEC_DEADLINE_MS = 10_000; // a node under load takes some seconds to start a process

interface Wanted {
  readonly jwt: JwtState;
  readonly pod: PodMounts;
  readonly file: MountedFile;
}

/**
 * Reads the tokens in the pods (`cat`) and compares them. What the caller is not allowed to do, and what has no room,
 * is a note.
 */
export async function readInPods(access: ClusterAccess, seen: Seen): Promise<Seen> {
  const wanted = listFiles(seen);
  const notes = new Set(seen.notes);
  if (wanted.length > MAX_READ_FILES)
    notes.add(`only ${MAX_READ_FILES} of ${wanted.length} files were read: name fewer JWTs`);
  const held = new Map<string, HeldFile[]>();
  await inParallel(wanted.slice(0, MAX_READ_FILES), async ({ jwt, pod, file }) => {
    const { namespace, name } = pod;
    const read = await execInPod(
      access.cluster,
      { namespace, pod: name, container: file.container, command: ['cat', file.path] },
      { bytes: MAX_TOKEN_BYTES, deadline: EXEC_DEADLINE_MS },
    );
    if (!read.ok && read.problem.status === 403)
      notes.add(`you are not allowed to exec into pods in namespace ${namespace}: their files were not read`);
    const result: HeldFile = read.ok
      ? { ...file, token: compareToken(read.value, jwt), problem: undefined }
      : { ...file, token: 'unread', problem: describeExecProblem(read.problem) };
    const key = heldKey(pod, jwt.name);
    held.set(key, [...(held.get(key) ?? []), result]);
  });
  return { ...seen, notes: [...notes], held };
}

function describeExecProblem({ status, message }: ExecProblem): string {
  return status === 403 ? 'you are not allowed to' : message;
}

function listFiles({ jwts, pods = [] }: Seen): readonly Wanted[] {
  const byKey = new Map([...jwts].map((jwt) => [objectKey(jwt), jwt]));
  return [...pods].flatMap((pod) =>
    [...pod.secrets].flatMap(([name, { files }]) => {
      const jwt = byKey.get(objectKey({ namespace: pod.namespace, name }));
      return jwt === undefined || !pod.isRunning ? [] : files.map((file) => ({ jwt, pod, file }));
    }),
  );
}
