import type { Tool } from "./tools.ts";

const lws = "0.8.0";

/**
 * What replicas of several pods need in a rehearsal: brought only when asked for. The project publishes its controller as an
 * image alone.
 */
export const groupTools: readonly Tool[] = [
  {
    name: "lws-controller",
    version: lws,
    accepts: "patch",
    versionArgs: ["--version"],
    go: { module: "lws", package: "sigs.k8s.io/lws/cmd", stamp: `-X sigs.k8s.io/lws/pkg/version.GitVersion=v${lws}` },
  },
];
