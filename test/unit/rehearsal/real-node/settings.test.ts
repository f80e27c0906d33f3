import { expect, test } from "vitest";
import { parse } from "yaml";
import { realNodeLayout } from "../../../../infra/rehearsal/real-node/layout.ts";
import { containerdConfig, kubeletConfig } from "../../../../infra/rehearsal/real-node/settings.ts";

const settings = {
  layout: realNodeLayout("/tmp/with space/node"),
  address: "127.64.0.1",
  kubeletPort: 40_123,
  snapshotter: "native",
} as const;

test("the kubelet listens on the node's address alone", () => {
  const { address, port, readOnlyPort, healthzPort } = parse(kubeletConfig(settings));
  expect({ address, port, readOnlyPort, healthzPort }).toEqual({
    address: "127.64.0.1",
    port: 40_123,
    readOnlyPort: 0,
    healthzPort: 0,
  });
});

test("containerd keeps its files in the node's folder, and listens beside its socket on the node's address alone", () => {
  const text = containerdConfig(settings);
  expect(text).toContain('root = "/tmp/with space/node/state/containerd"\n');
  expect(text).toContain('stream_server_address = "127.64.0.1"\n');
  expect(text).toContain('snapshotter = "native"\n');
});

test("what is removed with the node holds everything but the logs", () => {
  const { dir, logs, podLogs, state, ...rest } = settings.layout;
  expect(podLogs.startsWith(`${logs}/`)).toBe(true);
  expect(state.startsWith(`${dir}/`)).toBe(true);
  for (const file of Object.values(rest)) expect(file.startsWith(`${state}/`)).toBe(true);
});
