import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findFailure, quoteEvidence, readProgress } from "../../../infra/status/engine-log.ts";

function recorded(name: string): string {
  return readFileSync(join(import.meta.dirname, `../../fixtures/status/engine-logs/${name}.log`), "utf8");
}

describe("the recorded log of an engine", () => {
  test.each([
    { log: "missing-effective-kernels", found: "missing-effective-kernels", code: "E_CONFIG" },
    { log: "gpu-count", found: "gpu-count", code: "E_CONFIG" },
    { log: "oom-kv", found: "oom-kv", code: "E_OOM" },
    { log: "tp-size-3", found: "crash-starting", code: "E_CRASH" },
    { log: "missing-model-path", found: "weights-missing", code: "E_CONFIG" },
    { log: "unknown-flag", found: "bad-args", code: "E_CONFIG" },
    { log: "warm-up-crash", found: "crash-serving", code: "E_CRASH" },
    { log: "port-in-use", found: "port", code: "E_CONFIG" },
    { log: "watchdog", found: "hang", code: "E_CRASH" },
    { log: "killed-while-serving", found: "crash-serving", code: "E_CRASH" },
  ])("$log is read as $found", ({ log, found, code }) => {
    const failure = findFailure(recorded(log), true);
    expect({ class: failure?.signature.class, code: failure?.signature.code }).toEqual({ class: found, code });
  });

  test.each(["start-h100", "clean-drain", "cancelled-requests"])("%s tells of no failure", (log) => {
    expect(findFailure(recorded(log), true)).toBeUndefined();
  });

  test("whose crash is announced without its cause is quoted with the exception", () => {
    expect(findFailure(recorded("tp-size-3"), true)?.line).toMatch(/^AssertionError: SGLANG_CPU_OMP_THREADS_BIND/);
    expect(findFailure(recorded("warm-up-crash"), true)?.line).toBe("TypeError: 'NoneType' object is not callable");
  });

  test("shows the cause and not the requests that the dying engine drops after it", () => {
    const log = recorded("killed-while-serving") + recorded("cancelled-requests").repeat(20);
    expect(quoteEvidence(log, 20).join("\n")).toContain("Subprocess detokenizer (pid=7) crashed with exit code -9");
    expect(quoteEvidence(recorded("tp-size-3"), 20).join("\n")).toContain(
      "AssertionError: SGLANG_CPU_OMP_THREADS_BIND",
    );
  });
});

describe("progress", () => {
  const start = recorded("start-h100").split("\n");
  test.each([
    { upTo: "Setting page_size", phase: "args" },
    { upTo: "Init torch distributed begin", phase: "dist-init" },
    { upTo: "Load weight begin", phase: "load" },
    { upTo: "Memory pool end", phase: "memory-pool" },
    { upTo: "Capture cuda graph end", phase: "graphs" },
    { upTo: "Uvicorn running", phase: "http-up" },
    { upTo: "GET /model_info", phase: "warm-up" },
    { upTo: "fired up", phase: "ready" },
  ])("of the recorded start up to '$upTo' is $phase", ({ upTo, phase }) => {
    const end = start.findIndex((line) => line.includes(upTo));
    expect(end).toBeGreaterThan(0);
    expect(readProgress(start.slice(0, end + 1).join("\n")).phase).toBe(phase);
  });

  test("is `process` while nothing has been logged", () => {
    expect(readProgress("")).toEqual({ phase: "process" });
  });

  test.each([
    "Multi-thread loading shards:  23% Completed | 3/13 [00:12<00:41,  4.11s/it]",
    "\rLoading safetensors checkpoint shards:  23% Completed | 3/13 [00:12<00:41,  4.11s/it]\r",
  ])("counts shards in %j", (line) => {
    expect(readProgress(`Load weight begin. avail mem=78.50 GB\n${line}`)).toEqual({
      phase: "load",
      shards: { done: 3, total: 13 },
    });
  });

  test("keeps the furthest phase where lines of two processes cross", () => {
    const log = "Load weight end. elapsed=41 s\n[TP1] Init torch distributed ends. elapsed=9 s";
    expect(readProgress(log).phase).toBe("memory-pool");
  });
});

describe("a failure signature", () => {
  test.each([
    { text: "ValueError: Please pass `trust_remote_code=True`", class: "remote-code" },
    { text: "Model architectures ['KeyeVL2'] are not supported for now. Supported", class: "unsupported-arch" },
    { text: "No processor registered for architecture: ['KeyeVL2']", class: "no-mm-processor" },
    { text: "KeyeIndexer requires CUDA and deep_gemm. Make sure deep_gemm is installed.", class: "missing-deep-gemm" },
    { text: "sglang-kernel is installed with version 0.3", class: "kernel-wheel" },
    { text: "RuntimeError: Cannot find any model weights with /models/keye", class: "weights-missing" },
    { text: "OSError: /models/keye does not appear to have a file named config.json.", class: "weights-missing" },
    { text: "OSError: [Errno 28] No space left on device", class: "disk-full" },
    { text: "CUDA driver version is insufficient for CUDA runtime version", class: "driver" },
    { text: "Capture cuda graph failed: CUDA out of memory", class: "oom-graph" },
    { text: "Load weight begin. avail\nCUDA out of memory. Tried to allocate", class: "oom-load" },
    { text: "Prefill out of memory. Try to lower your batch size.", class: "oom-serving" },
    { text: "Uvicorn running on http://\nCUDA out of memory. Tried to allocate", class: "oom-serving" },
    { text: "Load weight end. elapsed\nCUDA out of memory. Tried to allocate", class: "oom-start" },
    { text: "unable to write to file </torch_1_2>", class: "shm" },
    { text: "Rank 0 scheduler died during initialization (exit code: -7).", class: "shm" },
    { text: "Rank 0 scheduler died during initialization (exit code: -9).", class: "host-oom" },
    { text: "The memory capacity is unbalanced. Some GPUs may be", class: "unbalanced-gpus" },
    { text: "torch.distributed.DistBackendError: x", class: "nccl" },
    { text: "ZeroDivisionError: integer modulo by zero", class: "tp-invalid" },
    { text: "max_running_request is zero", class: "pool-too-small" },
    { text: "RuntimeError: Could not find nvcc and CUDA_HOME is not set", class: "jit" },
    { text: "Initialization failed. warmup error: timed out", class: "warm-up-failed" },
    { text: "Scheduler hit an exception: Traceback (most recent call last):", class: "crash-starting" },
  ])("reads $text as $class", ({ text, class: wanted }) => {
    expect(findFailure(text, true)?.signature.class).toBe(wanted);
  });

  test("that stands higher in the table wins over an earlier line", () => {
    const log = "Received sigquit from a child process.\nModuleNotFoundError: No module named 'effective_kernels'";
    expect(findFailure(log, true)?.signature.class).toBe("missing-effective-kernels");
  });

  test("that healthy engines may log counts only once the engine has ended", () => {
    const log = "OSError: [Errno 28] No space left on device";
    expect(findFailure(log, false)).toBeUndefined();
  });

  test.each([
    "Ignore import error when loading sglang.srt.models.mimo: No module named 'effective_kernels'",
    "KV cache pool is full. Retract requests.",
    "Using default MoE kernel config. No space left on device",
  ])("is not seen in the benign line %j", (line) => {
    expect(findFailure(line, true)).toBeUndefined();
  });
});
