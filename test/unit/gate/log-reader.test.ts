import { expect, test } from "vitest";
import { LogReader } from "../../../infra/gate/log-reader.ts";
import { PromotionRun } from "../../../infra/gate/promotion-run.ts";
import type { Pod } from "../../../infra/status/objects.ts";
import { inputs, Scene } from "./stage.ts";

test("the last line is of the present life, also where a report would quote the one before", async () => {
  const scene = new Scene();
  scene.cluster.logTail = async (_ref, _pod, options) => {
    const { previous } = Object(options);
    return previous === true ? "died of it\n" : "begins\nloads\n";
  };
  const never = new AbortController().signal;
  const logs = new LogReader(new PromotionRun(inputs(), scene.ports(), never));
  const engine = { name: "engine", ready: false, restartCount: 1, state: { running: {} } };
  const pod: Pod = { metadata: { name: "keye-0" }, status: { containerStatuses: [engine] } };
  expect(logs.lastLineOf("keye-0")).toBe("");
  await logs.read(pod, never);
  expect(logs.lastLineOf("keye-0")).toBe("loads");
  expect(logs.tailOf("pod/keye-0")).toEqual(["died of it"]);
});
