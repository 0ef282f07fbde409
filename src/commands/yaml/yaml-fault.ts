/** YAML that Kubernetes cannot read, or that is too large for us. The message ends with a remedy. */
export class YamlFault extends Error {
  override readonly name = 'YamlFault';
}
