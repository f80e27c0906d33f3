import { get } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../infra/cluster/system-clock.ts";
import type { EngineProcess } from "../../infra/rehearsal/engine/launch.ts";
import { launchEngine } from "../../infra/rehearsal/engine/process.ts";
import { until } from "../support/until.ts";

const leaderName = "keye-0.keye.keye";

/** Addresses that no other engine of this run listens on. */
let last = 0;
function address(): string {
  last++;
  return `127.${1 + (process.pid % 250)}.${(process.pid >> 8) % 250}.${200 + last}`;
}

interface Node {
  readonly process: EngineProcess;
  readonly address: string;
  readonly lines: string[];
  readonly text: () => string;
}

describe("an engine over two nodes", () => {
  const running: EngineProcess[] = [];
  afterEach(async () => {
    for (const process of running.splice(0)) {
      process.kill("SIGKILL");
      await process.exited;
    }
  });

  /** A node of the engine; its leader is found by name once `leader` is there. */
  function start(
    rank: number,
    options: { leader?: () => Node | undefined; fault?: string; flags?: string[] } = {},
  ): Node {
    const lines: string[] = [];
    const at = address();
    const flags = [
      "--model-path=Kwai-Keye/Keye-VL-2.0-30B-A3B",
      "--tp-size=4",
      "--trust-remote-code",
      "--host=0.0.0.0",
    ];
    const nodes = ["--nnodes=2", `--node-rank=${rank}`, `--dist-init-addr=${leaderName}:8001`, "--port=8000"];
    const process = launchEngine({
      argv: ["python3", "-m", "sglang.launch_server", ...flags, ...nodes, ...(options.flags ?? [])],
      env: {},
      address: at,
      gpus: { count: 2, product: "NVIDIA-H800", memoryMiB: 81_559 },
      shmBytes: 2 ** 35,
      isPidOne: false,
      speed: 2_000,
      resolve: (host) => (host === leaderName ? options.leader?.()?.address : undefined),
      ...(options.fault === undefined ? {} : { fault: options.fault }),
      clock: systemClock,
      log: (line) => lines.push(line),
    });
    running.push(process);
    return { process, address: at, lines, text: () => lines.join("\n") };
  }

  async function statusOf(node: Node, path: string): Promise<number> {
    return new Promise((resolve) => {
      get({ host: node.address, port: 8000, path }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      }).on("error", () => resolve(0));
    });
  }

  test("serves on its leader alone, once both have loaded their ranks", async () => {
    const leader = start(0);
    await until(() => leader.text().includes("Init torch distributed begin."));
    expect(await statusOf(leader, "/ping")).toBe(0);
    const worker = start(1, { leader: () => leader });
    await until(() => leader.text().includes("The server is fired up and ready to roll!"));
    // A worker logs nothing when its port opens.
    while ((await statusOf(worker, "/health")) !== 200) await systemClock.sleep(10);
    expect(await statusOf(leader, "/model_info")).toBe(200);
    expect(await statusOf(worker, "/model_info")).toBe(404);
    expect([...worker.text().matchAll(/ TP(\d)\] Load weight begin/g)].map(([, rank]) => rank)).toEqual(["2", "3"]);
    expect([...leader.text().matchAll(/ TP(\d)\] Load weight begin/g)].map(([, rank]) => rank)).toEqual(["0", "1"]);
  });

  test("is waited for by a worker whose leader has no name yet", async () => {
    let leader: Node | undefined;
    const worker = start(1, { leader: () => leader });
    await until(() => worker.text().includes("Init torch distributed begin."));
    leader = start(0);
    await until(() => worker.text().includes("Load weight end."));
  });

  test("ends on every node when one of its ranks dies, and only that node says why", async () => {
    const leader = start(0);
    const worker = start(1, { leader: () => leader, fault: "crash-while-loading:2" });
    expect(await worker.process.exited).toEqual({ exitCode: 137, signal: 9 });
    expect(await leader.process.exited).toEqual({ exitCode: 137, signal: 9 });
    expect(worker.text()).toContain("SafetensorError");
    expect(leader.text()).toMatch(/pair\.cc:538\] Connection closed by peer \[127\./);
    expect(leader.text()).not.toContain("SafetensorError");
  });

  test("gives up where a node never comes", async () => {
    const leader = start(0, { flags: ["--dist-timeout=20"] });
    expect((await leader.process.exited).exitCode).toBe(137);
    expect(leader.text()).toContain("1/2 clients joined.");
  });
});
