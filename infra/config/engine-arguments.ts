/**
 * Arguments of `sglang.launch_server` that the stack sets itself, all their spellings, and what to do instead.
 * @see sglang keye-vl-v2-30b-release, srt/server_args.py, add_cli_args
 */
export const ownArguments: Readonly<Record<string, string>> = {
  "--model-path": "Set model.path instead.",
  "--model": "Set model.path instead.",
  "--revision": "Set model.revision instead.",
  "--served-model-name": "Set model.servedName instead.",
  "--host": "It is always 0.0.0.0, so that the pod can be reached.",
  "--port": "Set engine.port instead.",
  "--tp-size": "Set engine.tpSize instead.",
  "--tensor-parallel-size": "Set engine.tpSize instead.",
  "--mem-fraction-static": "Set engine.memFractionStatic instead.",
  "--context-length": "Set engine.contextLength instead.",
  "--max-running-requests": "Set engine.maxRunningRequests instead.",
  "--enable-metrics": "Set engine.enableMetrics instead.",
  "--api-key": "Name a Secret under engine.apiKeySecret instead.",
  "--nnodes": "Set engine.nodesPerReplica instead.",
  "--node-rank": "Set engine.nodesPerReplica instead.",
  "--dist-init-addr": "Set engine.nodesPerReplica instead.",
  "--nccl-init-addr": "Set engine.nodesPerReplica instead.",
  "--trust-remote-code": "It is always on: the model brings its own code.",
  "--weight-version": "It is always the revision, which proves who answered.",
};

/** The spellings that the chart passes, all or some of them. An image whose contract lacks one cannot run in this stack. */
export const passedArguments: readonly string[] = [
  "--model-path",
  "--tp-size",
  "--trust-remote-code",
  "--mem-fraction-static",
  "--host",
  "--port",
  "--served-model-name",
  "--weight-version",
  "--revision",
  "--context-length",
  "--max-running-requests",
  "--enable-metrics",
  "--api-key",
];

/** What it passes besides where a replica is a group of pods. */
export const groupArguments: readonly string[] = ["--nnodes", "--node-rank", "--dist-init-addr"];

/** Arguments that cannot work in this stack whatever the image, and why. What an image cannot do is in its contract. */
export const unsupportedArguments: Readonly<Record<string, string>> = {
  "--dp-size": "a replica asks for tpSize GPUs only; raise replicas instead",
  "--data-parallel-size": "a replica asks for tpSize GPUs only; raise replicas instead",
  "--skip-tokenizer-init": "chat completions need the tokenizer",
  "--is-embedding": "the probes ask for chat completions",
  "--encoder-only": "a replica answers by itself",
  "--language-only": "a replica answers by itself, about pictures and videos too",
  "--grpc-mode": "the probes and the Service speak HTTP",
  "--ssl-keyfile": "the probes speak plain HTTP to the pod",
  "--ssl-certfile": "the probes speak plain HTTP to the pod",
  "--config": "arguments from a file would override what the revision is made of",
  "--admin-api-key": "it would be readable in the pod and in the settings",
};
