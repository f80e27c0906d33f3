{{- define "keye-sglang.probeSpec" -}}
{{- $engine := .Values.engine -}}
{{- $expectation := dict
  "modelPath" .Values.model.path
  "servedModelName" .Values.model.servedName
  "weightVersion" (include "keye-sglang.revision" .)
  "tpSize" (int $engine.tpSize)
  "memFractionStatic" $engine.memFractionStatic
-}}
{{- with $engine.contextLength -}}
{{- $_ := set $expectation "contextLength" (int .) -}}
{{- end -}}
{{- dict "profile" "smoke" "expectation" $expectation | toJson -}}
{{- end -}}
