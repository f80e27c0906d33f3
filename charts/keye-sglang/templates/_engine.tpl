{{/* Arguments of sglang.launch_server: first those that the model's authors give, then ours. */}}
{{- define "keye-sglang.arguments" -}}
{{- $engine := .root.Values.engine -}}
{{- $model := .root.Values.model -}}
- {{ printf "--model-path=%s" $model.path | quote }}
- {{ printf "--tp-size=%d" (int $engine.tpSize) | quote }}
- "--trust-remote-code"
- {{ printf "--mem-fraction-static=%v" $engine.memFractionStatic | quote }}
- "--host=0.0.0.0"
- {{ printf "--port=%d" (int $engine.port) | quote }}
- {{ printf "--served-model-name=%s" $model.servedName | quote }}
- {{ printf "--weight-version=%s" .revision | quote }}
{{- if gt (int $engine.nodesPerReplica) 1 }}
# The LeaderWorkerSet's webhook puts these into every pod of a group.
- "--nnodes=$(LWS_GROUP_SIZE)"
- "--node-rank=$(LWS_WORKER_INDEX)"
- {{ printf "--dist-init-addr=$(LWS_LEADER_ADDRESS):%d" (add1 (int $engine.port)) | quote }}
{{- end }}
{{- with $model.revision }}
- {{ printf "--revision=%s" . | quote }}
{{- end }}
{{- with $engine.contextLength }}
- {{ printf "--context-length=%d" (int .) | quote }}
{{- end }}
{{- with $engine.maxRunningRequests }}
- {{ printf "--max-running-requests=%d" (int .) | quote }}
{{- end }}
{{- if $engine.enableMetrics }}
- "--enable-metrics"
{{- end }}
{{- if $engine.apiKeySecret.name }}
# The kubelet puts the value in; the template holds only its name.
- "--api-key=$(KEYE_API_KEY)"
{{- end }}
{{- range $engine.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}

{{/*
Caches go to their own volume, so that a container that starts anew compiles and downloads nothing twice. On a volume that
outlives the pod, kernels lie in the folder of their key: sglang keye-vl-v2-30b-release reads SGLANG_DG_CACHE_DIR, and the
DeepGEMM that the indexer calls directly reads DG_JIT_CACHE_DIR. The processes make these folders themselves: one that the
kubelet makes for a subPath would be closed to an engine that is not root. What comes from a hub belongs to no key.
*/}}
{{- define "keye-sglang.environment" -}}
{{- $cache := "/var/cache/keye" -}}
{{- $kernels := trimSuffix "/" (printf "%s/%s" $cache (include "keye-sglang.cacheKey" .)) -}}
{{- $own := dict
  "CUDA_CACHE_PATH" (printf "%s/cuda" $kernels)
  "DG_JIT_CACHE_DIR" (printf "%s/deep_gemm" $kernels)
  "FLASHINFER_WORKSPACE_BASE" (printf "%s/flashinfer" $kernels)
  "HF_HOME" (printf "%s/huggingface" $cache)
  "SGLANG_CACHE_DIR" (printf "%s/sglang" $kernels)
  "SGLANG_DG_CACHE_DIR" (printf "%s/deep_gemm" $kernels)
  "TORCHINDUCTOR_CACHE_DIR" (printf "%s/inductor" $kernels)
  "TRITON_CACHE_DIR" (printf "%s/triton" $kernels)
  "TVM_FFI_CACHE_DIR" (printf "%s/tvm-ffi" $kernels)
  "XDG_CACHE_HOME" $kernels
-}}
{{- if hasPrefix "/" .Values.model.path -}}
{{- $_ := set $own "HF_HUB_OFFLINE" "1" -}}
{{- end -}}
{{- range $name, $value := merge (dict) .Values.engine.env $own }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.engine.apiKeySecret }}
{{- if .name }}
- name: KEYE_API_KEY
  valueFrom:
    secretKeyRef:
      name: {{ .name | quote }}
      key: {{ .key | quote }}
{{- end }}
{{- end }}
{{- with .Values.model.tokenSecret }}
{{- if .name }}
- name: HF_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .name | quote }}
      key: {{ .key | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
All three ask /health: the port is closed until the weights are loaded, 503 follows until the warm-up is done, then each
answer takes 1 s or more, and 503 after 20 s without a sign of life (sglang keye-vl-v2-30b-release,
srt/entrypoints/http_server.py). Killing by liveness is for an engine that is silent for longer than reading a video takes.
*/}}
{{- define "keye-sglang.probes" -}}
{{- $timeout := int .probes.timeoutSeconds -}}
startupProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: {{ int .probes.startup.periodSeconds }}
  timeoutSeconds: {{ $timeout }}
  failureThreshold: {{ include "keye-sglang.probesIn" (dict "seconds" .engine.startupSeconds "period" .probes.startup.periodSeconds) }}
  # An engine that failed to start has no requests to finish.
  terminationGracePeriodSeconds: 30
readinessProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: {{ int .probes.readiness.periodSeconds }}
  timeoutSeconds: {{ $timeout }}
  failureThreshold: {{ int .probes.readiness.failureThreshold }}
livenessProbe:
  httpGet: {path: /health, port: http}
  periodSeconds: {{ int .probes.liveness.periodSeconds }}
  timeoutSeconds: {{ $timeout }}
  failureThreshold: {{ include "keye-sglang.probesIn" (dict "seconds" .probes.liveness.silenceSeconds "period" .probes.liveness.periodSeconds) }}
  # Its requests are lost already; the long grace period would only prolong that.
  terminationGracePeriodSeconds: 30
{{- end -}}

{{/*
A worker serves no requests. Its port opens once its share of the weights is loaded, answers 200 from then on, and proves
nothing more; when its scheduler ends, its process does (sglang keye-vl-v2-30b-release, srt/entrypoints/engine.py).
*/}}
{{- define "keye-sglang.workerProbes" -}}
startupProbe:
  httpGet: {path: /health, port: {{ int .engine.port }}}
  periodSeconds: {{ int .probes.startup.periodSeconds }}
  timeoutSeconds: {{ int .probes.timeoutSeconds }}
  failureThreshold: {{ include "keye-sglang.probesIn" (dict "seconds" .engine.startupSeconds "period" .probes.startup.periodSeconds) }}
readinessProbe:
  httpGet: {path: /health, port: {{ int .engine.port }}}
  periodSeconds: {{ int .probes.readiness.periodSeconds }}
  timeoutSeconds: {{ int .probes.timeoutSeconds }}
  failureThreshold: {{ int .probes.readiness.failureThreshold }}
{{- end -}}
