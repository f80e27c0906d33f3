import { traceback } from "./traceback.ts";

const srt = "sglang/srt";

/** What the scheduler says when the model's code raises on its first picture. */
export const warmupFailure = traceback(
  [
    [`${srt}/managers/scheduler.py`, 3934, "run_scheduler_process", "scheduler.run_event_loop()"],
    [`${srt}/managers/scheduler.py`, 2981, "run_batch", "batch_result = self.model_worker.forward_batch_generation("],
    [`${srt}/model_executor/model_runner.py`, 3153, "forward", "output = self._forward_raw("],
    [`${srt}/models/keye_vit.py`, 421, "forward", "hidden_states = self.self_attn("],
    [`${srt}/models/keye_vit.py`, 363, "forward", "output = flash_attn_varlen_func("],
  ],
  "TypeError: 'NoneType' object is not callable",
);
