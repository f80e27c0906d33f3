import { expect, test } from "vitest";
import { podsOf } from "../../../infra/gate/app-view.ts";
import { probePods } from "../../../infra/gate/phase-probe.ts";
import { PromotionRun } from "../../../infra/gate/promotion-run.ts";
import type { Pod } from "../../../infra/status/objects.ts";
import { fakeDigest } from "../../support/fake-fleet.ts";
import { groupPod } from "../../support/group-pods.ts";
import { inputs, next, Scene } from "./stage.ts";

function running(pod: Pod, digest: string): Pod {
  const [status] = pod.status?.containerStatuses ?? [];
  if (status === undefined) throw new Error("the pod has no container");
  return { ...pod, status: { ...pod.status, containerStatuses: [{ ...status, imageID: `keye@${digest}` }] } };
}

test("a worker that runs another image is the end of its group's proof, and is named", async () => {
  const scene = new Scene();
  const run = new PromotionRun(inputs(), scene.ports(), scene.abort.signal);
  const other = `sha256:${"cd".repeat(32)}`;
  const pods = [running(groupPod(next, 0, 0), fakeDigest), running(groupPod(next, 0, 1), other)];
  await expect(probePods(run, podsOf({ pods }, next))).rejects.toMatchObject({
    code: "E_IDENTITY",
    message: expect.stringContaining(
      `image of keye-${next}-0-1: wanted ${fakeDigest}, the kubelet runs keye@${other}.`,
    ),
  });
});
