import { kubernetes, type Tool } from "./tools.ts";

const buildkit = "0.31.2";
const buildkitStamp = `-X github.com/moby/buildkit/version.Version=v${buildkit}`;

/**
 * What real nodes of the rehearsal need besides what Linux distributions have: brought only when asked for.
 *
 * The kubelet has a go.mod of its own, so that the other programs of Kubernetes stay as they are in the cache. BuildKit
 * publishes no checksums; this is its newest release that the oldest Go of the project builds.
 */
export const realNodeTools: readonly Tool[] = [
  kubernetes("kubelet", "kubelet"),
  {
    name: "buildkitd",
    version: buildkit,
    accepts: "minor",
    versionArgs: ["--version"],
    go: { module: "buildkit", package: "github.com/moby/buildkit/cmd/buildkitd", stamp: buildkitStamp },
    companion: {
      name: "buildctl",
      goVersion: buildkit,
      go: { module: "buildkit", package: "github.com/moby/buildkit/cmd/buildctl", stamp: buildkitStamp },
    },
  },
];
