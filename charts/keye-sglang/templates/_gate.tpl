{{/* The gate's pods must be found by no Service, PodDisruptionBudget or promotion of the app: they carry other labels. */}}
{{- define "keye-sglang.gateSelectorLabels" -}}
app.kubernetes.io/name: {{ include "keye-sglang.name" . | trunc 58 | trimSuffix "-" }}-gate
app.kubernetes.io/instance: {{ include "keye-sglang.fullname" . }}-gate
{{- end -}}

{{- define "keye-sglang.gateLabels" -}}
{{ include "keye-sglang.gateSelectorLabels" . }}
app.kubernetes.io/component: gate
app.kubernetes.io/part-of: keye-stack
app.kubernetes.io/managed-by: {{ default .Release.Service .Values.managedBy | quote }}
{{- end -}}
