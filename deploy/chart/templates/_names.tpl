{{/* Labels of every object: that of kustomize, and Helm's. */}}
{{- define "jwt-injector.labels" -}}
app.kubernetes.io/name: jwt-injector
{{ include "jwt-injector.helmLabels" . }}
{{- end -}}

{{- define "jwt-injector.helmLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The image, by digest where one is given. */}}
{{- define "jwt-injector.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether jwt-injector issues the certificate that it serves with: "true" or nothing. */}}
{{- define "jwt-injector.isSelfIssued" -}}
{{- with .Values.certificate -}}
{{- if or (eq .mode "self") (and (eq .mode "cert-manager") (eq .takeOver "issue")) -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secret that jwt-injector issues its certificate into. */}}
{{- define "jwt-injector.ownSecret" -}}
{{- with .Values.certificate -}}
{{ ternary "" .secretName (eq .mode "files") | default "jwt-injector-tls" }}
{{- end -}}
{{- end -}}

{{/* The Secret that somebody else keeps. */}}
{{- define "jwt-injector.foreignSecret" -}}
{{- with .Values.certificate -}}
{{- if eq .mode "cert-manager" -}}
{{ .certManagerSecretName | default "jwt-injector-cert-manager" }}
{{- else -}}
{{ .secretName | default "jwt-injector-tls" }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secret of the certificate that is served. */}}
{{- define "jwt-injector.servedSecret" -}}
{{- if include "jwt-injector.isSelfIssued" . -}}
{{ include "jwt-injector.ownSecret" . }}
{{- else -}}
{{ include "jwt-injector.foreignSecret" . }}
{{- end -}}
{{- end -}}

{{/* The ServiceAccount of what keeps tokens fresh, and name of its Deployment. That of the webhook is always jwt-injector. */}}
{{- define "jwt-injector.controller" -}}
{{ ternary "jwt-injector-controller" "jwt-injector" .Values.separate }}
{{- end -}}

{{/* Subjects of the bindings: one ServiceAccount of the release's namespace. */}}
{{- define "jwt-injector.subjects" -}}
- kind: ServiceAccount
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
{{- end -}}

{{/*
Whether a value is on that is on by default: "true" or nothing. Only false switches it off. The values of an earlier release do
not have it (helm upgrade --reuse-values), and null takes the default away.
*/}}
{{- define "jwt-injector.isOn" -}}
{{- if ne (toString .) "false" -}}true{{- end -}}
{{- end -}}

{{/*
Who the pods run as. Without a value it is the default of values.yaml: the values of an earlier release do not have it, nor where
null takes it away. A value that sets some members stays without the others, which null may have taken away, except for those that
PodSecurity restricted asks for: no cluster chooses these itself.
*/}}
{{- define "jwt-injector.podSecurityContext" -}}
{{- $restricted := dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- $default := dict "runAsUser" 65532 "runAsGroup" 65532 "fsGroup" 65532 -}}
{{- $given := kindIs "map" .Values.podSecurityContext | ternary .Values.podSecurityContext $default -}}
{{- mergeOverwrite $restricted $given | toYaml -}}
{{- end -}}
