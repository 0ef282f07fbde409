import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

// Answers what our build asks of Go. "Compiling" is a `sleep`: its pid is written to $FAKE_GO_LOG, with one
// line per build. $FAKE_GO_FAILS is what a build prints before it fails.
const SCRIPT = `#!/bin/sh
case $1 in
  version) echo "go version go\${FAKE_GO_VERSION:-1.26.8} linux/amd64" ;;
  list) echo "go: downloading k8s.io/api v0.37.2" >&2; printf 'a/b\\nc/d\\n' ;;
  build)
    for arg; do case $arg in -o=*) out=\${arg#-o=} ;; esac; done
    echo a/b >&2
    if [ -n "$FAKE_GO_FAILS" ]; then echo "$FAKE_GO_FAILS" >&2; exit 1; fi
    sleep "\${FAKE_GO_SECONDS:-0}" &
    echo "$$ $!" >> "$FAKE_GO_LOG"
    wait
    for name in server kube-apiserver kube-controller-manager kubectl; do
      echo '#!/bin/sh' > "$out$name"
      chmod +x "$out$name"
    done ;;
esac
`;

/** A fake Go and an empty cache; pass `environment` to the code that builds. */
export type FakeGo = {
  readonly environment: NodeJS.ProcessEnv;
  /** One line for each build: the pids of `go` and of its "compiler". */
  readonly log: string;
  /** Folder of builds, with their locks and temporary folders. */
  readonly cache: string;
};

/** Writes the fake Go into `folder`, which belongs to the caller. */
export async function createFakeGo(folder: string, settings: NodeJS.ProcessEnv = {}): Promise<FakeGo> {
  const log = join(folder, 'builds.log');
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'go'), SCRIPT);
  await chmod(join(bin, 'go'), 0o755);
  await writeFile(log, '');
  const environment = {
    PATH: `${bin}:/usr/bin:/bin`,
    HOME: folder,
    JWT_INJECTOR_CACHE: join(folder, 'cache'),
    FAKE_GO_LOG: log,
    ...settings,
  };
  return { environment, log, cache: join(folder, 'cache', 'controlplane') };
}
