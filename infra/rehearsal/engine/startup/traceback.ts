/** One frame: file under the source tree, line, function, source text. */
export type Frame = readonly [file: string, line: number, name: string, code: string];

/** Where the prebuilt image keeps the sources. */
const root = "/sgl-workspace/sglang/python";

/** A Python traceback without its first words, innermost frame last, ending in `error`. */
export function traceback(frames: readonly Frame[], error: string): string {
  const lines = frames.flatMap(([file, line, name, code]) => [
    `  File "${file.startsWith("/") || file.startsWith("<") ? file : `${root}/${file}`}", line ${line}, in ${name}`,
    `    ${code}`,
  ]);
  return ["Traceback (most recent call last):", ...lines, error].join("\n");
}

const s = "sglang/srt";

/** From the scheduler's process down to the model runner. */
export const toModelRunner: readonly Frame[] = [
  [`${s}/managers/scheduler.py`, 3918, "run_scheduler_process", "scheduler = Scheduler("],
  [`${s}/managers/scheduler.py`, 432, "__init__", "self.init_model_worker()"],
  [`${s}/managers/scheduler.py`, 693, "init_model_worker", "self.init_tp_model_worker()"],
  [`${s}/managers/scheduler.py`, 648, "init_tp_model_worker", "self.tp_worker = TpModelWorker(**worker_kwargs)"],
  [`${s}/managers/tp_worker.py`, 260, "__init__", "self._init_model_runner()"],
  [`${s}/managers/tp_worker.py`, 345, "_init_model_runner", "self._model_runner = ModelRunner("],
];

/** From the model runner into the distributed start. */
export const toDistributed: readonly Frame[] = [
  ...toModelRunner,
  [`${s}/model_executor/model_runner.py`, 481, "__init__", "pre_model_load_memory = self.init_torch_distributed()"],
];

/** From the model runner into loading the weights. */
export const toLoading: readonly Frame[] = [
  ...toModelRunner,
  [`${s}/model_executor/model_runner.py`, 508, "__init__", "self.initialize(pre_model_load_memory)"],
  [`${s}/model_executor/model_runner.py`, 713, "initialize", "self.load_model()"],
  [`${s}/model_executor/model_runner.py`, 1398, "load_model", "self.model = self.loader.load_model("],
];

/** From the model runner into sizing the KV pool. */
export const toMemoryPool: readonly Frame[] = [
  ...toModelRunner,
  [`${s}/model_executor/model_runner.py`, 508, "__init__", "self.initialize(pre_model_load_memory)"],
  [`${s}/model_executor/model_runner.py`, 733, "initialize", "self.init_memory_pool(pre_model_load_memory)"],
];

/** From the model runner into creating the attention backend. */
export const toAttention: readonly Frame[] = [
  ...toModelRunner,
  [`${s}/model_executor/model_runner.py`, 508, "__init__", "self.initialize(pre_model_load_memory)"],
  [`${s}/model_executor/model_runner.py`, 768, "initialize", "self.init_attention_backend()"],
  [
    `${s}/model_executor/model_runner.py`,
    2278,
    "init_attention_backend",
    "self.attn_backend = self._get_attention_backend()",
  ],
  [
    `${s}/layers/attention/attention_registry.py`,
    280,
    "create_keye_sa_backend",
    "from sglang.srt.layers.attention.keye_sa_backend import KeyeSparseAttnBackend",
  ],
];

/** From the launcher into the checks of the server arguments. */
export const toServerArgs: readonly Frame[] = [
  [`${s}/../launch_server.py`, 64, "<module>", "server_args = prepare_server_args(sys.argv[1:])"],
  [`${s}/server_args.py`, 7170, "prepare_server_args", "return ServerArgs.from_cli_args(raw_args)"],
];
