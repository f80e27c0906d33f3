{{/*
What an engine of this revision must report of itself. The names are those of EngineExpectation in infra/core/probe-spec.ts;
what follows from further arguments is read from them, as infra/spec/promotion-inputs.ts does.
*/}}
{{- define "keye-sglang.probeSpec" -}}
{{- $engine := .Values.engine -}}
{{- $expectation := dict
  "modelPath" .Values.model.path
  "servedModelName" .Values.model.servedName
  "weightVersion" (include "keye-sglang.revision" .)
  "tpSize" (int $engine.tpSize)
  "memFractionStatic" $engine.memFractionStatic
  "trustRemoteCode" true
  "hasImageUnderstanding" true
  "dpSize" 1
  "ppSize" 1
  "epSize" 1
  "kvCacheDtype" "auto"
  "quantization" "none"
-}}
{{- with .Values.model.revision -}}
{{- $_ := set $expectation "modelRevision" . -}}
{{- end -}}
{{- with $engine.contextLength -}}
{{- $_ := set $expectation "contextLength" (int .) -}}
{{- end -}}
{{- $named := dict
  "--kv-cache-dtype" "kvCacheDtype"
  "--quantization" "quantization"
  "--tool-call-parser" "toolCallParser"
  "--reasoning-parser" "reasoningParser"
-}}
{{- range $engine.extraArgs -}}
{{- $flag := splitList "=" . | first -}}
{{- $value := trimPrefix (printf "%s=" $flag) . -}}
{{- if hasKey $named $flag -}}
{{- $_ := set $expectation (get $named $flag) $value -}}
{{- else if has $flag (list "--ep-size" "--expert-parallel-size" "--ep") -}}
{{- $_ := set $expectation "epSize" (int $value) -}}
{{- end -}}
{{- end -}}
{{- dict "profile" "smoke" "expectation" $expectation | toJson -}}
{{- end -}}
