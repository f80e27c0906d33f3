import { onRealNode } from "../../infra/rehearsal/real-node/node-object.ts";
import { pauseImage } from "../../infra/rehearsal/real-node/pause-image.ts";
import { RealNodeCluster } from "./real-node-cluster.ts";

// A program to be killed: starts a cluster with a real node and a pod on it, tells where the node's files are, and waits.
const real = await RealNodeCluster.start();
const pods = "/api/v1/namespaces/default/pods";
const spec = { ...onRealNode, containers: [{ name: "main", image: pauseImage }] };
await real.cluster.create([pods, { metadata: { name: "sleeper" }, spec }]);
await real.cluster.until("the pod", async () => (await real.cluster.pods("default"))[0]?.status?.phase === "Running");
process.stdout.write(`${real.dir}\n`);
