import type { ObjectName } from '../../resources/object-key.ts';
import { shellCommand } from '../../resources/shell-words.ts';
import type { ConnectFlags } from './connect-flags.ts';

/** A command of these words, to be copied into a shell: whatever they hold, each stays one word. */
type PrintCommand = (...words: readonly string[]) => string;

/** Prints commands that act on the cluster that a command was run for. */
export interface CommandPrinter {
  readonly kubectl: PrintCommand;
  readonly jwtInjector: PrintCommand;
  readonly helm: PrintCommand;
}

/** Commands with the same `--context` and `--kubeconfig`: without them they would act on another cluster. */
export function commandPrinter({ context, kubeconfig }: ConnectFlags): CommandPrinter {
  const printing = (program: string, contextFlag: string): PrintCommand => {
    const flags = [...flagWords(contextFlag, context), ...flagWords('kubeconfig', kubeconfig)];
    return (...words) => shellCommand(program, [...words, ...flags]);
  };
  return {
    kubectl: printing('kubectl', 'context'),
    jwtInjector: printing('jwt-injector', 'context'),
    helm: printing('helm', 'kube-context'),
  };
}

/** A flag with its value as one word, if it has one. */
export function flagWords(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

/** The command that says what a JWT waits for. `legacyKeyNamespace`: that of the service, if it is known. */
export function explainingCommand(
  { jwtInjector }: CommandPrinter,
  { namespace, name }: ObjectName,
  legacyKeyNamespace?: string,
): string {
  return jwtInjector('explain', 'jwt', name, '-n', namespace, ...keyNamespaceWords(legacyKeyNamespace));
}

/** The flag of commands that look for keys as the service does. */
export function keyNamespaceWords(legacyKeyNamespace: string | undefined): readonly string[] {
  return flagWords('legacy-key-namespace', legacyKeyNamespace);
}
