import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A tiny process of its own session that outlives us by a moment: when our end of its pipe closes, for
 * whatever reason (a clean stop, an exception, SIGINT, SIGKILL), it kills what it watches and removes what
 * it was given. So there is one way to clean up, and it is the same after a clean stop and after a crash.
 */
export type Reaper = {
  readonly pid: number;
  /** A process id, or a negative process group id, to be killed with SIGKILL at the end. */
  watch(id: number): void;
  /** The process is gone by itself; its id may be someone else's by now. */
  forget(id: number): void;
  /** A file, folder or cgroup to be removed at the end, after the processes, in the order of the calls. */
  remove(path: string): void;
  /** Does the work now; resolves when every process was killed and every path is gone. Idempotent. */
  finish(): Promise<void>;
};

// After SIGKILL a process may still write for some milliseconds, so `rm` is tried again for up to 10 s. The files of a
// cgroup cannot be removed, but the folder with them can.
const SCRIPT = `
trap '' HUP INT QUIT TERM
ids=
while read -r verb rest; do
  case $verb in
    watch) ids="$ids $rest" ;;
    forget) left=; for id in $ids; do [ "$id" = "$rest" ] || left="$left $id"; done; ids=$left ;;
    remove) set -- "$@" "$rest" ;;
  esac
done
for id in $ids; do kill -s KILL -- "$id"; done
tries=0
for path; do
  until { rm -rf -- "$path" || find "$path" -depth -type d -exec rmdir {} +; } && [ ! -e "$path" ] || [ $tries -ge 100 ]; do tries=$((tries + 1)); sleep 0.1; done
done
`;

/** Starts a reaper. It does not keep our event loop alive. Throws if there is no `sh`. */
export async function startReaper(): Promise<Reaper> {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], {
    cwd: '/',
    env: { PATH: `${process.env['PATH']}:/usr/bin:/bin` },
    detached: true, // Ctrl-C in a terminal goes to our process group; the reaper must survive it
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const exited = once(shell, 'exit');
  await once(shell, 'spawn');
  const { pid, stdin } = shell;
  if (pid === undefined) throw new Error('a spawned process has a pid');
  stdin.on('error', () => {}); // someone killed the reaper: nothing that a caller could do about it
  shell.unref();
  const say = (verb: string, value: number | string) => {
    if (stdin.writable) stdin.write(`${verb} ${value}\n`);
  };
  return {
    pid,
    watch: (id) => say('watch', id),
    forget: (id) => say('forget', id),
    remove: (path) => say('remove', path),
    async finish() {
      shell.ref();
      stdin.end();
      await exited;
    },
  };
}
