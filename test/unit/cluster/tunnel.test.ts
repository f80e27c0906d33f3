import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { until } from "../../support/until.ts";
import { TunnelBench } from "./tunnel-bench.ts";

describe("a tunnel to a pod", () => {
  let bench: TunnelBench;

  beforeEach(async () => {
    bench = await TunnelBench.open();
  });

  afterEach(() => bench.close());

  test("carries requests and answers, each connection on a WebSocket of its own", async () => {
    await bench.serve((incoming, response) => response.end(`hello ${incoming.url}`));
    expect(await bench.ask("/a")).toEqual({ status: 200, text: "hello /a" });
    expect(await bench.ask("/b")).toEqual({ status: 200, text: "hello /b" });
    expect(bench.api.requests.map(({ path, query }) => [path, query.get("ports")])).toEqual([
      ["/api/v1/namespaces/keye/pods/p1/portforward", "8000"],
      ["/api/v1/namespaces/keye/pods/p1/portforward", "8000"],
    ]);
    await until(() => bench.api.portForwards.size === 0);
  });

  test("ends an HTTP/1.0 answer where the pod closes: it is whole", async () => {
    await bench.serveTcp((socket) => {
      socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nto the end"));
    });
    expect(await bench.ask("/")).toEqual({ status: 200, text: "to the end" });
    expect(bench.tunnel.failure()).toBeUndefined();
  });

  test("frees its port when it is closed", async () => {
    await bench.serve((_incoming, response) => response.end());
    await bench.tunnel.close();
    await expect(bench.ask("/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
