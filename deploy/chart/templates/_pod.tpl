{{/* The number of replicas: the value's if it is a number, else what the Deployment has by now, else two. */}}
{{- define "jwt-injector.replicas" -}}
{{- $live := lookup "apps/v1" "Deployment" .root.Release.Namespace .name -}}
{{- if not (kindIs "invalid" .replicas) -}}
{{ .replicas }}
{{- else if $live -}}
{{ $live.spec.replicas }}
{{- else -}}
2
{{- end -}}
{{- end -}}

{{/* Flags of both halves. */}}
{{- define "jwt-injector.args" -}}
- run
{{- if ne .Values.logLevel "info" }}
- --log-level={{ .Values.logLevel }}
{{- end }}
- --tls-cert-file=/etc/jwt-injector/tls/tls.crt
- --tls-key-file=/etc/jwt-injector/tls/tls.key
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
