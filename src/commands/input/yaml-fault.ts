/** Text that is YAML, but that Kubernetes cannot read, or that is too large for us. The message ends in a remedy. */
export class YamlFault extends Error {
  override readonly name = 'YamlFault';
}
