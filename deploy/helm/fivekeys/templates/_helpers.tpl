{{- define "fivekeys.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "fivekeys.labels" -}}
app.kubernetes.io/name: fivekeys
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "fivekeys.selector" -}}
app.kubernetes.io/name: fivekeys
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{/* fivekeys.yaml: what the values say about servers, then the config as given. */}}
{{- define "fivekeys.config" -}}
{{- $nats := dict "url" .Values.nats.url -}}
{{- with .Values.nats.user }}{{ $_ := set $nats "user" . }}{{ end -}}
{{- if .Values.nats.passwordSecret }}{{ $_ := set $nats "password_file" "/run/secrets/nats/password" }}{{ end -}}
{{- $clickhouse := dict "url" .Values.clickhouse.url -}}
{{- with .Values.clickhouse.cluster }}{{ $_ := set $clickhouse "cluster" . }}{{ end -}}
{{- $config := dict "nats" $nats "clickhouse" $clickhouse "replicas" (int .Values.nats.replicas) "partitions" (int .Values.process.autoscaling.partitions) -}}
{{- $_ := set $config "spans" (dict "otlp_grpc" (printf "0.0.0.0:%d" (int .Values.service.otlpPort))) -}}
{{- if .Values.slos }}{{ $_ := set $config "slos" (list "slos/*.yaml") }}{{ end -}}
{{- toYaml (mergeOverwrite $config (deepCopy .Values.config)) -}}
{{- end -}}

{{/* A role's Deployment: ingest and process differ in their role and ports only. */}}
{{- define "fivekeys.deployment" -}}
{{- $root := .root -}}
{{- $values := index .root.Values .role -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "fivekeys.name" $root }}-{{ .role }}
  labels:
    {{- include "fivekeys.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
spec:
  {{- if not (and (eq .role "process") $root.Values.process.autoscaling.enabled) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "fivekeys.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "fivekeys.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .role }}
      annotations:
        checksum/config: {{ include "fivekeys.config" $root | cat (toYaml $root.Values.slos) | sha256sum }}
        {{- with $root.Values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "fivekeys.name" $root }}
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 60
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: fivekeys
          image: "{{ $root.Values.image.repository }}:{{ $root.Values.image.tag | default $root.Chart.AppVersion }}"
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          args: [serve, --role, {{ .role }}]
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          env:
            - name: FIVEKEYS_CONFIG
              value: /etc/fivekeys/fivekeys.yaml
            - name: FIVEKEYS_LISTEN
              value: 0.0.0.0:8080
            - name: FIVEKEYS_LOG_FORMAT
              value: json
            {{- with $root.Values.clickhouse.passwordSecret }}
            - name: FIVEKEYS_CLICKHOUSE_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: {{ . }}
                  key: password
            {{- end }}
          envFrom:
            - secretRef:
                name: {{ $root.Values.secretsName }}
          ports:
            - name: http
              containerPort: 8080
            {{- if eq .role "ingest" }}
            - name: otlp-grpc
              containerPort: {{ $root.Values.service.otlpPort }}
            {{- end }}
          startupProbe:
            httpGet: {path: /livez, port: http}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /livez, port: http}
            periodSeconds: 10
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            periodSeconds: 5
            timeoutSeconds: 5
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - name: config
              mountPath: /etc/fivekeys
              readOnly: true
            {{- if $root.Values.slos }}
            - name: slos
              mountPath: /etc/fivekeys/slos
              readOnly: true
            {{- end }}
            {{- if $root.Values.nats.passwordSecret }}
            - name: nats
              mountPath: /run/secrets/nats
              readOnly: true
            {{- end }}
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: config
          configMap:
            name: {{ include "fivekeys.name" $root }}
        {{- if $root.Values.slos }}
        - name: slos
          configMap:
            name: {{ include "fivekeys.name" $root }}-slos
        {{- end }}
        {{- with $root.Values.nats.passwordSecret }}
        - name: nats
          secret:
            secretName: {{ . }}
        {{- end }}
        - name: tmp
          emptyDir: {}
      {{- with $root.Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $root.Values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if $root.Values.affinity }}
      affinity:
        {{- toYaml $root.Values.affinity | nindent 8 }}
      {{- else }}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "fivekeys.selector" . | nindent 14 }}
      {{- end }}
{{- end -}}
