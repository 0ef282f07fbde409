import { runScript } from '../controlplane/run-script.ts';
import { runDemo } from './run-demo.ts';
import { createScreen } from './screen.ts';

const HELP = `Usage: npm run demo -- [options]

Shows jwt-injector at work on a real Kubernetes control plane (etcd, kube-apiserver, kube-controller-manager;
no nodes, so nothing is scheduled and no image is pulled): a token is signed, put into the pods of a Deployment,
and renewed. Every step is checked. Then it stays, for you to look around, until Ctrl-C.

The first run builds Kubernetes' own programs from source: about 8 minutes on two cores, and 6 GB of disk, once.
Needs openssl, and for the build Go 1.26 or newer. Nothing outside of a temporary folder and the cache is changed.

Options:
  --once      end after the last step; the exit code says whether all held
  -h, --help  this text

Environment:
  KUBEBUILDER_ASSETS  a folder with etcd, kube-apiserver, kube-controller-manager and kubectl,
                      used instead of building them
  JWT_INJECTOR_CACHE  where they are built and kept (default: jwt-injector in the user's cache folder)
  NO_COLOR            no colours, on a terminal too

Exit codes: 0 all steps held, 1 one did not, 2 wrong usage, 3 something outside is missing or failed,
130 Ctrl-C before the end.
`;

await runScript({
  forHelp: 'npm run demo -- --help',
  help: HELP,
  options: { once: { type: 'boolean' } },
  run: ({ once }) => runDemo(createScreen(process.stdout), { once: once === true }),
});
