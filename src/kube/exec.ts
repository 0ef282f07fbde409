import { Writable } from 'node:stream';
import { Exec, type V1Status } from '@kubernetes/client-node';
import { fail, ok, type Result } from '../resources/result.ts';
import { type Milliseconds, toSeconds } from '../time/units.ts';
import type { Cluster } from './connection/cluster.ts';

/** A command in a container, which gets no input. Names as the API server gave them: they are not escaped. */
interface ExecTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** Limits for the output of the command, and for the time from the first byte to the last. */
interface ExecLimits {
  readonly bytes: number;
  readonly deadline: Milliseconds;
}

/** Why there is no output, in one line that holds nothing of what the container printed. */
export interface ExecProblem {
  /** HTTP status of the refusal; 0 when there was none. */
  readonly status: number;
  readonly message: string;
}

/**
 * Runs the command over a WebSocket (subresource `exec` of a pod: takes the rights to `get` and `create` it, by the version
 * of Kubernetes) and resolves with its standard output. Never throws what the cluster answers.
 */
export async function execInPod(
  cluster: Pick<Cluster, 'load'>,
  { namespace, pod, container, command }: ExecTarget,
  { bytes, deadline }: ExecLimits,
): Promise<Result<string, ExecProblem>> {
  const done = Promise.withResolvers<Result<string, ExecProblem>>();
  const chunks: Buffer[] = [];
  let room = bytes;
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      room -= chunk.length;
      if (room < 0) done.resolve(execProblem(`the file is longer than ${bytes} bytes`));
      else chunks.push(chunk);
      next();
    },
  });
  const stderr = new Writable({ write: (_chunk, _encoding, next) => next() });
  const onStatus = (status: V1Status): void =>
    done.resolve(
      status.status === 'Success'
        ? ok(Buffer.concat(chunks).toString())
        : execProblem(describeExecStatus(status)),
    );
  const timer = setTimeout(
    () => done.resolve(execProblem(`no answer within ${toSeconds(deadline)} s`)),
    deadline,
  );
  const follow = async (): Promise<void> => {
    try {
      const exec = new Exec(cluster.load());
      const words = [...command];
      const socket = await exec.exec(namespace, pod, container, words, stdout, stderr, null, false, onStatus);
      socket.on('close', () => done.resolve(execProblem('the connection ended too early')));
      await done.promise;
      socket.terminate(); // a command that goes on must not keep this process
    } catch (error) {
      done.resolve(fail(describeExecError(error)));
    }
  };
  void follow();
  const result = await done.promise;
  clearTimeout(timer);
  return result;
}

function execProblem(message: string): { readonly ok: false; readonly problem: ExecProblem } {
  return fail({ status: 0, message });
}

/** The kubelet's words may quote the command's output: only its reason and the exit code get out. */
function describeExecStatus({ reason, details }: V1Status): string {
  const code = details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  if (code !== undefined && /^\d{1,3}$/.test(code)) return `the command ended with exit code ${code}`;
  return reason !== undefined && /^[A-Za-z]{1,64}$/.test(reason)
    ? `the command could not be run (${reason})`
    : 'the command could not be run';
}

/** `ws` has no other place for the status of a refused handshake than its message. */
function describeExecError(error: unknown): ExecProblem {
  const message =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
  const status = Number(/server response: (\d{3})$/.exec(message)?.[1] ?? 0);
  if (status !== 0) return { status, message: `the API server answered with status ${status}` };
  const code = /\bE[A-Z]{3,}\b/.exec(message)?.[0];
  return { status, message: `no connection to the API server${code === undefined ? '' : ` (${code})`}` };
}
