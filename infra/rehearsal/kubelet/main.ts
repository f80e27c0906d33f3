import { pathToFileURL } from "node:url";
import { joinPodNetwork } from "../pod-network.ts";

/**
 * First program of a container that runs the project's CLI: joins the pod's network, then becomes the program.
 * `main.ts POD_IP PROGRAM ARGUMENTS…`, started by `command-process.ts` only.
 */
const [, , podIP = "", program = "", ...args] = process.argv;

// The kubelet is gone, and its containers with it.
process.on("disconnect", () => process.exit(137));
process.channel?.unref();

joinPodNetwork(podIP);
process.argv = [process.execPath, program, ...args];
await import(pathToFileURL(program).href);
