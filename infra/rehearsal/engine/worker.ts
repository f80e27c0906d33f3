import { type Listener, listen } from "./http/listener.ts";
import type { EngineLaunch } from "./launch.ts";
import { Peers } from "./peers.ts";
import type { ServerArgs } from "./server-args.ts";
import { traceback } from "./startup/traceback.ts";

/** The other processes of an engine; undefined for one that is on a single node. */
export function peersOf(launch: EngineLaunch, args: ServerArgs, life: AbortSignal): Peers | undefined {
  const { count, rank, initAddress = "", timeout } = args.nodes;
  if (count < 2) return undefined;
  const [host = "", port] = initAddress.split(":");
  const isLeader = rank === 0;
  return new Peers({
    count,
    isLeader,
    host,
    port: Number(port),
    address: () => (isLeader ? launch.address : (launch.resolve ?? String)(host)),
    clock: launch.clock,
    patience: (1000 * timeout) / launch.speed,
    life,
  });
}

/**
 * The port of a process that leads no engine: it says that all is well for as long as it is open, and knows nothing else.
 * @see sglang keye-vl-v2-30b-release, srt/utils/common.py, launch_dummy_health_check_server
 */
export function openDummyPort(launch: EngineLaunch, args: ServerArgs, life: AbortSignal): Promise<Listener> {
  return listen({
    address: launch.address,
    port: args.port,
    life,
    handle: async (exchange) => {
      const isKnown = exchange.method === "GET" && ["/ping", "/health", "/health_generate"].includes(exchange.path);
      if (isKnown) exchange.send(200);
      else exchange.send(404, { detail: "Not Found" });
    },
    onAnswer: () => undefined,
  });
}

/** What a scheduler says when the other end of one of its pairs is gone. */
export function peerGone(peer: string): string {
  return traceback(
    [
      ["sglang/srt/managers/scheduler.py", 3929, "run_scheduler_process", "scheduler.run_event_loop()"],
      ["sglang/srt/managers/scheduler.py", 1612, "recv_requests", "recv_reqs = broadcast_pyobj("],
      ["sglang/srt/utils/common.py", 1455, "broadcast_pyobj", "dist.broadcast(tensor_size, src=src, group=dist_group)"],
    ],
    `RuntimeError: [/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:538] Connection closed by peer ${peer}`,
  );
}
