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

{{/* What JWTs may ask for: both halves obey it. */}}
{{- define "jwt-injector.policyArgs" -}}
{{- with .Values.policy -}}
{{- if .forbidInlineKeys }}
- --forbid-inline-keys=true
{{- end }}
{{- with .minLifetime }}
- --min-lifetime={{ . }}
{{- end }}
{{- with .maxLifetime }}
- --max-lifetime={{ . }}
{{- end }}
{{- with .allowedIssuers }}
- {{ printf "--allowed-issuers=%s" (join "," .) | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Flags of whatever answers reviews, except for those that say where. Takes root. */}}
{{- define "jwt-injector.reviewArgs" -}}
{{- $secret := include "jwt-injector.servedSecret" .root -}}
{{- if not (include "jwt-injector.isSelfIssued" .root) }}
- --tls-cert-file=/etc/jwt-injector/tls/tls.crt
- --tls-key-file=/etc/jwt-injector/tls/tls.key
{{- else if ne $secret "jwt-injector-tls" }}
- --tls-secret={{ $secret }}
{{- end }}
{{- if not (include "jwt-injector.isOn" .root.Values.namespaceDefault) }}
- --no-namespace-default
{{- end }}
{{- end -}}

{{/* Flags of every container. Takes root. */}}
{{- define "jwt-injector.commonArgs" -}}
{{- $values := .root.Values -}}
{{- if ne $values.logLevel "info" }}
- --log-level={{ $values.logLevel }}
{{- end }}
{{- with $values.namespaces }}
- --namespaces={{ join "," . }}
{{- end }}
{{- include "jwt-injector.policyArgs" .root }}
{{- end -}}

{{/* The mount of the certificate's files. */}}
{{- define "jwt-injector.tlsMount" -}}
volumeMounts:
  - name: tls
    mountPath: /etc/jwt-injector/tls
    readOnly: true
{{- end -}}

{{/*
A Deployment with one or both halves of the service. Takes root, name (also of its ServiceAccount, and what its pods are
selected by), webhook and controller (which halves), replicas and resources.
*/}}
{{- define "jwt-injector.deployment" -}}
{{- $values := .root.Values -}}
{{- $servesFromFiles := and .webhook (not (include "jwt-injector.isSelfIssued" .root)) -}}
{{- $fallback := and .webhook (include "jwt-injector.isOn" $values.fallbackWebhook.enabled) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    app.kubernetes.io/name: {{ .name }}
    {{- include "jwt-injector.helmLabels" .root | nindent 4 }}
spec:
  {{- if .webhook }}
  # All of them answer reviews{{ if .controller }}; one, the leader, keeps the tokens fresh{{ end }}.
  {{- else }}
  # One of them leads and keeps the tokens fresh; the other one takes over within a second.
  {{- end }}
  replicas: {{ include "jwt-injector.replicas" . }}
  {{- if .webhook }}
  # A new pod serves before an old one goes: annotated pods can always be created.
  {{- else }}
  # A new pod runs before an old one goes. Until it has listed everything, renewals wait; they are due long before tokens expire.
  {{- end }}
  strategy:
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {{ .name }}
        app.kubernetes.io/part-of: jwt-injector
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        {{- merge (dict) $values.podAnnotations (dict "kubectl.kubernetes.io/default-container" "jwt-injector") | toYaml | nindent 8 }}
    spec:
      serviceAccountName: {{ .name }}
      # A Service's environment variables (JWT_INJECTOR_SERVICE_HOST, …) would look like settings.
      enableServiceLinks: false
      terminationGracePeriodSeconds: 30
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . | quote }}
      {{- end }}
      {{- with $values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # On several nodes, and in several zones, but rather on one node than not at all. The zone is a wish of its own: nodes
      # without that label do not count in the constraints, and nothing would be spread over them.
      topologySpreadConstraints:
        - topologyKey: kubernetes.io/hostname
          maxSkew: 1
          whenUnsatisfiable: {{ $values.topologySpread.whenUnsatisfiable }}
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: {{ .name }}
          matchLabelKeys: [pod-template-hash]
      affinity:
        {{- with $values.affinity }}
        {{- toYaml . | nindent 8 }}
        {{- else }}
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                topologyKey: topology.kubernetes.io/zone
                labelSelector:
                  matchLabels:
                    app.kubernetes.io/name: {{ .name }}
                matchLabelKeys: [pod-template-hash]
        {{- end }}
      securityContext:
        {{- include "jwt-injector.podSecurityContext" .root | nindent 8 }}
      containers:
        - name: jwt-injector
          image: {{ include "jwt-injector.image" .root | quote }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          args:
            - run
            {{- if not .controller }}
            - --no-controller
            {{- else if not .webhook }}
            - --no-webhook
            {{- end }}
            {{- if .webhook }}
            {{- include "jwt-injector.reviewArgs" . | nindent 12 }}
            {{- end }}
            {{- include "jwt-injector.commonArgs" . | nindent 12 }}
            {{- if $values.promptDelivery.enabled }}
            - --prompt-delivery
            {{- end }}
            {{- range $values.extraArgs }}
            - {{ . | quote }}
            {{- end }}
          {{- if $fallback }}
          # Connections to the pod's addresses come here as long as this container listens, and else to fallback-webhook.
          env:
            - name: JWT_INJECTOR_WEBHOOK_IPS
              valueFrom:
                fieldRef:
                  fieldPath: status.podIPs
            - name: JWT_INJECTOR_SHARE_WEBHOOK_PORT
              value: 'true'
          {{- end }}
          ports:
            {{- if .webhook }}
            - name: webhook
              containerPort: 8443
            {{- end }}
            - name: http
              containerPort: 8080
          startupProbe:
            httpGet:
              path: /livez
              port: http
            periodSeconds: 1
            failureThreshold: 60
          # The event loop answers.
          livenessProbe:
            httpGet:
              path: /livez
              port: http
            periodSeconds: 10
            timeoutSeconds: 5
          # Reviews can be answered. Neither leadership nor the API server counts: without them, reviews still can.
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 5
            timeoutSeconds: 2
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          {{- if $servesFromFiles }}
          {{- include "jwt-injector.tlsMount" . | nindent 10 }}
          {{- end }}
        {{- if $fallback }}
        # Listens on the same port, at every address, and so answers reviews from the moment when the process above is
        # gone: it takes kube-proxy up to a second to notice that (docs/install.md).
        - name: fallback-webhook
          image: {{ include "jwt-injector.image" .root | quote }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          args:
            - run
            {{- include "jwt-injector.reviewArgs" . | nindent 12 }}
            {{- include "jwt-injector.commonArgs" . | nindent 12 }}
            {{- range $values.extraArgs }}
            - {{ . | quote }}
            {{- end }}
            - --no-controller
            - --share-webhook-port
            - --http-address=:8081
          ports:
            - name: fallback-http
              containerPort: 8081
          startupProbe:
            httpGet:
              path: /livez
              port: fallback-http
            periodSeconds: 1
            failureThreshold: 60
          livenessProbe:
            httpGet:
              path: /livez
              port: fallback-http
            periodSeconds: 10
            timeoutSeconds: 5
          # No readinessProbe: whether the pod is in the Service is for the container above to say.
          # SIGTERM comes a second later than above, so that this one is the last to listen.
          lifecycle:
            preStop:
              sleep:
                seconds: 1
          resources:
            {{- toYaml $values.fallbackWebhook.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          {{- if $servesFromFiles }}
          {{- include "jwt-injector.tlsMount" . | nindent 10 }}
          {{- end }}
        {{- end }}
      {{- if $servesFromFiles }}
      volumes:
        - name: tls
          secret:
            secretName: {{ include "jwt-injector.servedSecret" .root | quote }}
            defaultMode: 0440
            items:
              - key: tls.crt
                path: tls.crt
              - key: tls.key
                path: tls.key
      {{- end }}
{{- end -}}

{{/* Drains take one replica at a time, and one that is broken anyway at any time. Takes root and name. */}}
{{- define "jwt-injector.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    app.kubernetes.io/name: {{ .name }}
    {{- include "jwt-injector.helmLabels" .root | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
{{- end -}}
