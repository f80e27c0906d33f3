{{- define "keye-sglang.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
Name of the app and of its live Service. 40 characters leave room for "-<revision>" and for what a Deployment and its
ReplicaSet add to the names of pods.
*/}}
{{- define "keye-sglang.fullname" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of everything that belongs to one revision. */}}
{{- define "keye-sglang.revisionName" -}}
{{- printf "%s-%s" (include "keye-sglang.fullname" .) (include "keye-sglang.revision" .) -}}
{{- end -}}

{{- define "keye-sglang.serviceAccountName" -}}
{{- default (include "keye-sglang.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* Labels that never change: what finds the app's objects of any revision. */}}
{{- define "keye-sglang.selectorLabels" -}}
app.kubernetes.io/name: {{ include "keye-sglang.name" . | quote }}
app.kubernetes.io/instance: {{ include "keye-sglang.fullname" . | quote }}
{{- end -}}

{{- define "keye-sglang.labels" -}}
{{ include "keye-sglang.selectorLabels" . }}
app.kubernetes.io/part-of: keye-stack
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ default .Release.Service .Values.managedBy | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{/* Selector of the pods of this revision alone. */}}
{{- define "keye-sglang.revisionSelector" -}}
{{ include "keye-sglang.selectorLabels" . }}
keye-stack.dev/revision: {{ include "keye-sglang.revision" . | quote }}
{{- end -}}

{{- define "keye-sglang.revisionLabels" -}}
{{ include "keye-sglang.labels" . }}
keye-stack.dev/revision: {{ include "keye-sglang.revision" . | quote }}
{{- end -}}

{{/*
The revision: first 10 hex digits of the sha256 of the pod template in canonical JSON (sorted keys, no spaces), in which
the revision itself is ten zeros; of a group, of its size and both templates. Whatever decides an answer is in the template:
image digest, arguments, weights revision, environment. Layout and comments of the chart are not.
*/}}
{{- define "keye-sglang.revision" -}}
{{- $template := include "keye-sglang.podTemplate" (dict "root" . "revision" "0000000000") | fromYaml -}}
{{- if hasKey $template "Error" -}}
{{- fail (printf "the pod template is no YAML: %s" $template.Error) -}}
{{- end -}}
{{- if eq (include "keye-sglang.isGroup" .) "true" -}}
{{- $worker := include "keye-sglang.podTemplate" (dict "root" . "revision" "0000000000" "isWorker" true) | fromYaml -}}
{{- $template = dict "leader" $template "size" (int .Values.engine.nodesPerReplica) "worker" $worker -}}
{{- end -}}
{{- $template | toJson | sha256sum | trunc 10 -}}
{{- end -}}

{{/*
Whether a replica is a group of pods. Names: the controller's StatefulSets are called <fullname>-<revision>-<group>, and
the label that their pods carry adds 11 characters to that and takes 63; its Service wants a letter first.
*/}}
{{- define "keye-sglang.isGroup" -}}
{{- $nodes := int .Values.engine.nodesPerReplica -}}
{{- if gt $nodes 1 -}}
{{- if mod (int .Values.engine.tpSize) $nodes -}}
{{- fail (printf "engine.tpSize %d cannot be split evenly over engine.nodesPerReplica %d" (int .Values.engine.tpSize) $nodes) -}}
{{- end -}}
{{- if not (regexMatch "^[a-z].{0,36}$" (include "keye-sglang.fullname" .)) -}}
{{- fail (printf "the name %q is too long, or begins with no letter: with engine.nodesPerReplica above 1 it has 37 characters at most" (include "keye-sglang.fullname" .)) -}}
{{- end -}}
{{- end -}}
{{- gt $nodes 1 -}}
{{- end -}}

{{/*
What compiled kernels are kept by: the image, the GPUs, and the arguments that decide which kernels are compiled. Not the
weights, names and ports, which change none. Empty where the cache goes with the pod.
*/}}
{{- define "keye-sglang.cacheKey" -}}
{{- if .Values.cacheVolume -}}
{{- $engine := .Values.engine -}}
{{- dict
  "digest" (include "keye-sglang.digest" .)
  "gpuProducts" (sortAlpha .Values.gpuProducts)
  "tpSize" $engine.tpSize
  "memFractionStatic" $engine.memFractionStatic
  "contextLength" $engine.contextLength
  "maxRunningRequests" $engine.maxRunningRequests
  "extraArgs" $engine.extraArgs
  | toJson | sha256sum | trunc 10
-}}
{{- end -}}
{{- end -}}

{{/* What a rounded-up share of the whole is: how many failed probes fill so many seconds. */}}
{{- define "keye-sglang.probesIn" -}}
{{- div (add (int .seconds) (sub (int .period) 1)) (int .period) -}}
{{- end -}}
