{{/* What keeping tokens fresh takes: in all namespaces, or in each that is listed. */}}
{{- define "jwt-injector.tokenRules" -}}
# The JWTs, and what is known about each (status; by server-side apply, which is a patch).
- apiGroups: [tokens.osg-htc.org]
  resources: [jwts]
  # patch: token-manager's finalizer is taken off JWTs that are being deleted and that nobody else lets go.
  verbs: [get, list, watch, patch]
- apiGroups: [tokens.osg-htc.org]
  resources: [jwts/status]
  verbs: [patch]
# Tokens are written to Secrets and keys are read from them. RBAC knows no labels, so this is every Secret;
# of Secrets without our label only the metadata is ever watched. A server-side apply of a new object needs create.
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- if .Values.promptDelivery.enabled }}
# Pods that mount a token are found, and one annotation of them is changed: the policy jwt-injector-delivery allows nothing else.
- apiGroups: ['']
  resources: [pods]
  verbs: [list, watch, patch]
{{- end }}
{{- end -}}
