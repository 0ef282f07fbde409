import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A tiny process in a session of its own that lives a moment longer than this process. When our end of its
 * pipe closes, for any reason (a clean stop, an exception, SIGINT, SIGKILL), it kills the processes that it
 * watches and removes the paths that it was given. So there is only one way to clean up, the same after a
 * clean stop and after a crash.
 */
export type Reaper = {
  readonly pid: number;
  /** Kills this process ID, or negative process group ID, with SIGKILL at the end. */
  watch(id: number): void;
  /** The process has ended by itself; another process can have its ID now. */
  forget(id: number): void;
  /** Removes a file, folder or cgroup at the end, after the processes, in the order of the calls. */
  remove(path: string): void;
  /** Does the work now; resolves when all processes are killed and all paths are removed. Idempotent. */
  finish(): Promise<void>;
};

// After SIGKILL a process can still write for some milliseconds, so `rm` is tried again for up to 10 s. The
// files of a cgroup cannot be removed, but the folder with them can.
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
  stdin.on('error', () => {}); // someone killed the reaper: a caller cannot do anything about it
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
