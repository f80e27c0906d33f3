{{/* Other labels than the engine's: the app's Service, PodDisruptionBudget and promotion must not take it for one. */}}
{{- define "keye-sglang.watchdogLabels" -}}
app.kubernetes.io/name: {{ include "keye-sglang.name" . | trunc 54 | trimSuffix "-" }}-watchdog
app.kubernetes.io/instance: {{ include "keye-sglang.fullname" . }}-watchdog
app.kubernetes.io/component: watchdog
app.kubernetes.io/part-of: keye-stack
app.kubernetes.io/managed-by: {{ default .Release.Service .Values.managedBy | quote }}
{{- end -}}
