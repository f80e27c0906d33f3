{{/*
The pod template of one revision. Gets "root" and "revision", and "isWorker" for the pods of a group that do not lead it.
Nothing in it may come from replicas, routes, labels of the release or the chart's version: its hash is the revision.
*/}}
{{- define "keye-sglang.podTemplate" -}}
{{- $values := .root.Values -}}
{{- $engine := $values.engine -}}
{{- $gpus := div (int $engine.tpSize) (int $engine.nodesPerReplica) -}}
metadata:
  labels:
    {{- include "keye-sglang.selectorLabels" .root | nindent 4 }}
    app.kubernetes.io/component: engine
    {{- if .isWorker }}
    # No Service, and no selector of traffic, may find it by the label of its revision.
    keye-stack.dev/worker-of: {{ .revision | quote }}
    {{- else }}
    keye-stack.dev/revision: {{ .revision | quote }}
    {{- end }}
  {{- with $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "keye-sglang.serviceAccountName" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  # The pause container becomes PID 1: as PID 1 the engine would lose SIGTERM while it loads, and exit 0 when it crashes.
  shareProcessNamespace: true
  {{- if .isWorker }}
  # It outlives its leader, and has no requests of its own to finish.
  terminationGracePeriodSeconds: 30
  {{- else }}
  terminationGracePeriodSeconds: {{ add (int $engine.terminationGraceSeconds) (int $engine.preStopSeconds) }}
  {{- end }}
  {{- with $values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if not .isWorker }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "keye-sglang.selectorLabels" .root | nindent 10 }}
          keye-stack.dev/revision: {{ .revision | quote }}
  {{- end }}
  containers:
    - name: engine
      image: {{ printf "%s@%s" $values.image.repository (include "keye-sglang.digest" .root) | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      # The image's own entrypoint is not relied on.
      command: ["python3", "-m", "sglang.launch_server"]
      args:
        {{- include "keye-sglang.arguments" . | nindent 8 }}
      env:
        {{- include "keye-sglang.environment" .root | trim | nindent 8 }}
      {{- if .isWorker }}
      {{- include "keye-sglang.workerProbes" $values | nindent 6 }}
      {{- else }}
      ports:
        - name: http
          containerPort: {{ int $engine.port }}
          protocol: TCP
      {{- include "keye-sglang.probes" $values | nindent 6 }}
      lifecycle:
        preStop:
          sleep:
            seconds: {{ int $engine.preStopSeconds }}
      {{- end }}
      resources:
        requests:
          cpu: {{ $engine.resources.cpu | quote }}
          memory: {{ $engine.resources.memory | quote }}
          nvidia.com/gpu: {{ $gpus | quote }}
        limits:
          cpu: {{ $engine.resources.cpu | quote }}
          memory: {{ $engine.resources.memory | quote }}
          nvidia.com/gpu: {{ $gpus | quote }}
      {{- with $values.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      # A crash says why only in its last lines.
      terminationMessagePolicy: FallbackToLogsOnError
      volumeMounts:
        - name: shm
          mountPath: /dev/shm
        - name: cache
          mountPath: /var/cache/keye
        {{- with $values.model.volume.mountPath }}
        - name: model
          mountPath: {{ . | quote }}
          readOnly: true
        {{- end }}
  volumes:
    - name: shm
      emptyDir:
        medium: Memory
        sizeLimit: {{ $engine.resources.shm | quote }}
    - name: cache
      {{- toYaml (default (dict "emptyDir" dict) $values.cacheVolume) | nindent 6 }}
    {{- if $values.model.volume.mountPath }}
    - name: model
      {{- toYaml $values.model.volume.source | nindent 6 }}
    {{- end }}
{{- end -}}

{{- define "keye-sglang.digest" -}}
{{- if not .Values.image.digest -}}
{{- fail (printf "image.digest is not set. A revision is pinned to one image: read the digest with `docker buildx imagetools inspect %s:%s` and set image.digest=sha256:…" .Values.image.repository .Values.image.tag) -}}
{{- end -}}
{{- .Values.image.digest -}}
{{- end -}}
