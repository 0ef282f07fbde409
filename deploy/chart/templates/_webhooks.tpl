{{/* What all entries of the webhook configurations have in common; `path` is where the service answers. */}}
{{- define "jwt-injector.webhookCommon" -}}
admissionReviewVersions: [v1]
clientConfig:
  service:
    name: jwt-injector
    namespace: {{ .root.Release.Namespace | quote }}
    path: {{ .path }}
    port: 443
  {{- with .root.Values.certificate.caBundle }}
  caBundle: {{ b64enc . }}
  {{- end }}
matchPolicy: Equivalent
sideEffects: None
timeoutSeconds: 5
{{- end -}}

{{/* Where: in the namespaces that are listed, or in all; never among those that jwt-injector itself needs. */}}
{{- define "jwt-injector.namespaceRequirements" -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values: [kube-system, {{ .Release.Namespace | quote }}]
{{- with .Values.namespaces }}
- key: kubernetes.io/metadata.name
  operator: In
  values: {{ toJson . }}
{{- end }}
{{- end -}}

{{/* Whether the label of a namespace names a token: "true" or nothing. Where only some namespaces are served, none does. */}}
{{- define "jwt-injector.hasNamespaceDefault" -}}
{{- if and (include "jwt-injector.isOn" .Values.namespaceDefault) (not .Values.namespaces) -}}true{{- end -}}
{{- end -}}

{{/* cert-manager sets caBundle where it is asked to, and takes everything else out of it. */}}
{{- define "jwt-injector.webhookAnnotations" -}}
{{- if and (eq .Values.certificate.mode "cert-manager") (eq .Values.certificate.takeOver "complete") }}
  annotations:
    cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/jwt-injector
{{- end }}
{{- end -}}

{{/* CEL: whether the pod or workload has an annotation of ours. */}}
{{- define "jwt-injector.hasAnnotation" -}}
[object.?metadata.?annotations.orValue({})].exists(annotations, annotations.size() > 1000
? 'tokens.osg-htc.org/token' in annotations
: annotations.exists(key, key.startsWith('tokens.osg-htc.org/')))
{{- end -}}

{{- define "jwt-injector.wantsAPod" -}}
- name: not-opted-out
  expression: >-
    object.?metadata.?annotations[?'tokens.osg-htc.org/inject'].orValue('').trim() != 'false'
- name: no-mirror-pod
  expression: >-
    !object.?metadata.?annotations[?'kubernetes.io/config.mirror'].hasValue()
{{- end -}}
