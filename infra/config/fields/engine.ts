import type { FieldsFor } from "../field.ts";
import type { EngineConfig } from "../stack-config.ts";
import { textRules } from "../text-rules.ts";
import { cacheVolumeField } from "./cache.ts";
import { secretRefFields } from "./secret-ref.ts";

const resourceFields: FieldsFor<EngineConfig["resources"]> = {
  cpu: {
    kind: "quantity",
    min: "1",
    unit: "cores",
    default: "16",
    sentence: "CPU of each engine pod, request and limit.",
  },
  memory: {
    kind: "quantity",
    min: "32Gi",
    unit: "bytes",
    default: "192Gi",
    sentence: "Memory of each engine pod, request and limit; shm counts against it.",
    hint: "Loading holds several weight shards at once, and long videos are decoded at full size (18 GB an hour of 1080p).",
  },
  shm: {
    kind: "quantity",
    min: "16Gi",
    unit: "bytes",
    default: "32Gi",
    sentence: "Size of /dev/shm, which NCCL and decoded pictures and videos pass through.",
    hint: "Use 32Gi: one long video takes 1.7 GB of it, and a full /dev/shm kills the engine with SIGBUS.",
    source: "sglang keye-vl-v2-30b-release, docs/get_started/install.md and srt/managers/mm_utils.py",
  },
};

/** Settings of `engine`. */
export const engineFields: FieldsFor<EngineConfig> = {
  tpSize: {
    kind: "integer",
    min: 1,
    max: 64,
    unit: "GPUs",
    default: 2,
    sentence: "Tensor parallel size, the GPUs of one replica (--tp-size): 1, 2 or 4.",
    source: "sglang keye-vl-v2-30b-release, srt/layers/attention/keye_sa_backend.py",
  },
  nodesPerReplica: {
    kind: "integer",
    min: 1,
    max: 4,
    unit: "nodes",
    default: 1,
    sentence:
      "Over how many nodes one replica may be spread, where no node has tpSize GPUs (--nnodes): 1, 2 or 4. Above 1 needs the LeaderWorkerSet controller.",
    hint: "docs/multi-node.md says what it costs.",
    source: "sglang keye-vl-v2-30b-release, srt/server_args.py, and sigs.k8s.io/lws v0.8.0",
  },
  memFractionStatic: {
    kind: "fraction",
    default: 0.8,
    sentence: "Fraction of the free GPU memory for weights and KV cache (--mem-fraction-static).",
    hint: "The authors run 0.8; what is left holds activations, so values far above it run out of memory under load.",
  },
  port: {
    kind: "integer",
    min: 1,
    max: 55_535,
    default: 8000,
    sentence: "Port of the engine and of the live Service (--port).",
    hint: "The server also takes the port 10000 above for gRPC, which must be at most 65535.",
    source: "sglang keye-vl-v2-30b-release, srt/server_args.py, SGLANG_GRPC_PORT",
  },
  contextLength: {
    kind: "integer",
    min: 4096,
    max: 262_144,
    unit: "tokens",
    isOptional: true,
    sentence: "Longest prompt and answer together (--context-length); the model's own 262144 (256K) where absent.",
    hint: "The model goes up to 262144 (256K); the gate's long prompt needs at least 4096.",
  },
  maxRunningRequests: {
    kind: "integer",
    min: 1,
    max: 4096,
    unit: "requests",
    isOptional: true,
    sentence: "Requests that run at once (--max-running-requests); the server's own choice where absent.",
  },
  enableMetrics: {
    kind: "boolean",
    default: true,
    sentence: "Whether the engine serves Prometheus metrics at /metrics (--enable-metrics).",
  },
  extraArgs: {
    kind: "texts",
    each: textRules.argument,
    isSensitive: true,
    default: [],
    sentence: "Further arguments of sglang.launch_server, each --flag or --flag=value.",
    hint: "Write one argument an entry, with = before its value.",
  },
  argumentsContract: {
    kind: "text",
    rule: textRules.contract,
    isOptional: true,
    sentence:
      "What engine.extraArgs is held against: a contract by name, or a JSON file beside the stack file; the Keye branch's where absent.",
    hint: "docs/engine-arguments.md says how to make a contract for another SGLang image.",
  },
  env: {
    kind: "map",
    keys: textRules.variableName,
    values: textRules.anyText,
    isSensitive: true,
    default: {},
    sentence: "Further environment variables of the engine; never secrets, which belong in Secrets.",
  },
  apiKeySecret: {
    kind: "group",
    isOptional: true,
    isSensitive: true,
    sentence: "Existing Secret with the API key that clients must send; no key is asked for where absent.",
    hint: "Name a Secret, never the key itself: kubectl create secret generic keye-api-key --from-file=key=FILE",
    fields: secretRefFields,
  },
  resources: { kind: "group", sentence: "What each engine pod gets beside its GPUs.", fields: resourceFields },
  podAnnotations: {
    kind: "map",
    keys: textRules.qualifiedName,
    values: textRules.anyText,
    default: {},
    sentence:
      "Annotations of the engine's pods, and of the pods that bring weights and image; a change of them is a new revision.",
  },
  runtimeClassName: {
    kind: "text",
    rule: textRules.objectName,
    isOptional: true,
    sentence: "RuntimeClass of the engine's pods, such as nvidia, where the nodes' default runtime does not see GPUs.",
  },
  cacheVolume: cacheVolumeField,
  startupSeconds: {
    kind: "integer",
    min: 60,
    max: 86_400,
    unit: "seconds",
    isOptional: true,
    computed: "loading model.size from its volume, compiling, capturing graphs, warming up",
    sentence: "How long a start may take before the kubelet restarts the engine.",
  },
  terminationGraceSeconds: {
    kind: "integer",
    min: 30,
    max: 86_400,
    unit: "seconds",
    default: 1830,
    sentence:
      "How long running requests may go on after a pod is told to stop; the authors' clients wait 1800 seconds.",
  },
};
