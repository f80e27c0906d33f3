import { type GoBuild, kubernetes, type Tool } from "./tools.ts";

const buildkit = "0.34.2";

function buildkitPart(name: "buildkitd" | "buildctl"): GoBuild {
  return {
    module: "buildkit",
    oldestGo: "1.26.8",
    package: `github.com/moby/buildkit/cmd/${name}`,
    stamp: `-X github.com/moby/buildkit/version.Version=v${buildkit}`,
  };
}

/**
 * What real nodes of the rehearsal need besides what Linux distributions have: brought only when asked for.
 *
 * The kubelet has a go.mod of its own, so that the other programs of Kubernetes stay as they are in the cache. BuildKit
 * publishes no checksums; this is the release that builds images in production.
 */
export const realNodeTools: readonly Tool[] = [
  kubernetes("kubelet", "kubelet"),
  {
    name: "buildkitd",
    version: buildkit,
    accepts: "minor",
    versionArgs: ["--version"],
    go: buildkitPart("buildkitd"),
    companion: { name: "buildctl", goVersion: buildkit, go: buildkitPart("buildctl") },
  },
];
