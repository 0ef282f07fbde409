import { createTerminalFormat } from '../../src/telemetry/terminal-lines.ts';
import type { Stage } from '../controlplane/stage.ts';
import type { Screen } from './screen.ts';

const LOOK_MS = 200;

/**
 * Says how to look around, then shows the service's log until `interrupted` resolves. False if the service
 * ended earlier.
 */
export async function stay(screen: Screen, stage: Stage, interrupted: Promise<unknown>): Promise<boolean> {
  screen.say(describeSurroundings(stage));
  const formatLine = createTerminalFormat();
  const service = stage.service();
  let shown = service.logLines().length;
  const showLog = () => {
    const lines = service.logLines();
    for (const line of lines.slice(shown)) screen.say(formatLine(JSON.stringify(line)).trimEnd());
    shown = lines.length;
  };
  const timer = setInterval(showLog, LOOK_MS); // the timer also keeps Node running
  const ended = service.exited.then(
    // Ctrl-C reaches the service, too, and the service can be faster.
    () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), LOOK_MS)),
  );
  try {
    return await Promise.race([interrupted.then(() => true), ended]);
  } finally {
    clearInterval(timer);
  }
}

function describeSurroundings(stage: Stage): string {
  const { cluster } = stage;
  return `
It all stays until Ctrl-C. Copy into another terminal:

  export KUBECONFIG=${cluster.adminKubeconfig}
  alias kubectl=${cluster.kubectlPath}

Things to try:

  kubectl get jwt --watch                # renewal-demo gets a new token every half minute
  kubectl describe jwt my-jwt            # its conditions: what is right or wrong, and what to do
  kubectl delete secret my-jwt           # it is back at once, with a new token
  kubectl run mine --image=busybox --annotations=tokens.osg-htc.org/token=my-jwt
  kubectl get pod mine -o yaml           # with volume, mount and BEARER_TOKEN_FILE
  kubectl run typo --image=busybox --annotations=tokens.osg-htc.org/token=My_JWT # refused, in words
  kubectl delete jwt renewal-demo        # its Secret goes, too
  curl -s http://127.0.0.1:${stage.service().httpPort}/metrics | grep ^jwt_injector_

The service's log, from now on:
`;
}
