import { describe, expect, test } from "vitest";
import type { EngineLaunch } from "../../../infra/rehearsal/engine/launch.ts";
import { EngineUnderTest, stackFlags } from "./support.ts";

interface Case {
  readonly name: string;
  readonly flags?: readonly string[];
  readonly launch?: Partial<EngineLaunch>;
  readonly without?: string;
  readonly exitCode: number;
  /** Text of the last error. */
  readonly says: string;
  /** Last phase that is logged before, and first that is not. */
  readonly after?: string;
  readonly before?: string;
}

const cases: readonly Case[] = [
  {
    name: "a missing --trust-remote-code",
    without: "--trust-remote-code",
    exitCode: 1,
    says: "Please pass the argument `trust_remote_code=True` to allow custom code to be run.",
    before: "Init torch",
  },
  {
    name: "a model that is no hub id of Keye",
    flags: ["--model-path=nobody/nothing"],
    exitCode: 1,
    says: "OSError: We couldn't connect to",
    before: "Init torch",
  },
  {
    name: "an offline hub",
    launch: { env: { HF_HUB_OFFLINE: "1" } },
    exitCode: 1,
    says: "OSError: We couldn't connect to",
  },
  {
    name: "a colon in the served name",
    flags: ["--served-model-name=keye:v2"],
    exitCode: 1,
    says: "served_model_name cannot contain a colon (':') character.",
  },
  {
    name: "a port without room for gRPC",
    flags: ["--port=55536"],
    exitCode: 1,
    says: "SGLANG_GRPC_PORT (65536) must be between 1 and 65535",
  },
  {
    name: "a chunk that no page divides",
    flags: ["--chunked-prefill-size=1000"],
    exitCode: 1,
    says: "chunked_prefill_size must be divisible by page_size",
  },
  {
    name: "a context beyond the model's",
    flags: ["--context-length=512Ki"],
    exitCode: 1,
    says: "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1",
  },
  {
    name: "ranks that no node count divides",
    flags: ["--nnodes=3"],
    exitCode: 1,
    says: "tp_size must be divisible by number of nodes",
  },
  {
    name: "fewer GPUs than ranks",
    flags: ["--tp-size=4"],
    launch: { gpus: { count: 2, product: "NVIDIA-H800", memoryMiB: 81_559 } },
    exitCode: 137,
    says: "CUDA error: invalid device ordinal",
    after: "Init torch distributed begin",
    before: "Load weight begin",
  },
  {
    name: "a /dev/shm of 64 MiB",
    launch: { shmBytes: 64 * 2 ** 20 },
    exitCode: 137,
    says: "Error while creating shared memory segment /dev/shm/nccl-",
    after: "Init torch distributed begin",
    before: "Load weight begin",
  },
  {
    name: "three ranks",
    flags: ["--tp-size=3"],
    exitCode: 137,
    says: "AssertionError: 32 is not divisible by 3",
    after: "Load weight begin",
    before: "Load weight end",
  },
  {
    name: "weights that one GPU cannot hold",
    flags: ["--tp-size=1"],
    launch: { gpus: { count: 1, product: "NVIDIA-H800", memoryMiB: 40_960 } },
    exitCode: 137,
    says: "torch.OutOfMemoryError: CUDA out of memory.",
    after: "Load weight begin",
    before: "Load weight end",
  },
  {
    name: "a pipeline",
    flags: ["--pp-size=2"],
    exitCode: 137,
    says: "Pipeline Parallel is not compatible with this model.",
    after: "Load weight end",
    before: "KV Cache",
  },
  {
    name: "a fraction that is too small",
    flags: ["--mem-fraction-static=0.3"],
    exitCode: 137,
    says: "Not enough memory. Please try to increase --mem-fraction-static.",
    after: "Load weight end",
    before: "KV Cache",
  },
  {
    name: "eight ranks",
    flags: ["--tp-size=8"],
    exitCode: 137,
    says: "ZeroDivisionError: integer modulo by zero",
    after: "Memory pool end",
    before: "Capture cuda graph begin",
  },
  {
    name: "a fraction that is too large",
    flags: ["--mem-fraction-static=0.97"],
    exitCode: 137,
    says: "Capture cuda graph failed: CUDA out of memory.",
    after: "Capture cuda graph begin",
    before: "Capture cuda graph end",
  },
  {
    name: "an unknown fault",
    launch: { fault: "wrong-anser" },
    exitCode: 2,
    says: 'engine simulator: unknown fault "wrong-anser"; known: wrong-answer,',
  },
  {
    name: "a fault with a wrong argument",
    launch: { fault: "slow-load:much" },
    exitCode: 2,
    says: 'fault "slow-load" wants factor of 0 or more, got "much"',
  },
  {
    name: "a fault that takes no argument",
    launch: { fault: "wrong-answer:1" },
    exitCode: 2,
    says: 'fault "wrong-answer" takes no argument',
  },
  {
    name: "another program",
    launch: { argv: ["nginx"] },
    exitCode: 127,
    says: 'exec: "nginx": executable file not found in $PATH',
  },
];

describe("a start ends with its reason in the log:", () => {
  test.each(cases)("$name", async ({ flags = [], launch = {}, without, exitCode, says, after, before }) => {
    const kept = stackFlags.filter((flag) => flag !== without);
    await using engine = new EngineUnderTest([...kept, ...flags], launch);
    expect((await engine.untilExit()).exitCode).toBe(exitCode);
    const text = engine.lines.join("\n");
    expect(text).toContain(says);
    if (after !== undefined) expect(text).toContain(after);
    if (before !== undefined) expect(text).not.toContain(before);
    expect(text.includes("Received sigquit from a child process.")).toBe(exitCode === 137);
  });
});

describe("a start that is unlike what was meant goes on silently:", () => {
  test("off Hopper with dense attention", async () => {
    await using engine = new EngineUnderTest(stackFlags, {
      gpus: { count: 8, product: "NVIDIA-A800-SXM4-80GB", memoryMiB: 81_920 },
    });
    await engine.untilReady();
    const info = JSON.parse((await engine.get("/server_info")).body);
    expect([info.attention_backend, info.page_size]).toEqual(["flashinfer", 1]);
    const [rank] = info.internal_states;
    expect([info.prefill_attention_backend, rank.prefill_attention_backend]).toEqual([null, "flashinfer"]);
    expect([info.decode_attention_backend, rank.decode_attention_backend]).toEqual([null, "flashinfer"]);
    expect(engine.lines.join("\n")).toContain("on non-Hopper GPU.");
  });

  test("on Hopper with keye_sa and pages of 64, whatever the arguments say", async () => {
    await using engine = new EngineUnderTest([...stackFlags, "--attention-backend=triton", "--page-size=16"]);
    await engine.untilReady();
    const info = JSON.parse((await engine.get("/server_info")).body);
    expect([info.attention_backend, info.page_size]).toEqual(["keye_sa", 64]);
  });

  test("on its own loopback, where nobody else reaches it", async () => {
    await using engine = new EngineUnderTest([...stackFlags, "--host=127.0.0.1"]);
    await engine.untilReady();
    expect((await engine.get("/health")).failure).toBe("ECONNREFUSED");
  });
});
