import { describe, expect, test } from "vitest";
import {
  type GoState,
  isMissing,
  noSourceError,
  type OnPath,
  type Survey,
  sourcesOf,
} from "../../../scripts/toolchain.d/plan.ts";
import { realNodeTools } from "../../../scripts/toolchain.d/real-node-tools.ts";
import { type Tool, tools } from "../../../scripts/toolchain.d/tools.ts";

const etcd = toolNamed("etcd");
const pulumi = toolNamed("pulumi");
const go: GoState = { kind: "present", version: "1.26.8", canSwitch: false };

const nothing: Survey = {
  arch: "amd64",
  onPath: new Map(),
  cached: new Set(),
  answeringHosts: new Set(),
  go: { kind: "absent" },
};

const everything: Survey = {
  ...nothing,
  onPath: new Map([["etcd", onPath("etcd", "3.7.3")]]),
  cached: new Set(["etcd"]),
  answeringHosts: new Set(["github.com"]),
  go,
};

function toolNamed(name: string): Tool {
  const tool = tools.find((each) => each.name === name);
  if (tool === undefined) throw new Error(`no ${name} in the table`);
  return tool;
}

function onPath(name: string, version: string | undefined): OnPath {
  return { path: `/usr/bin/${name}`, version, binaries: { [name]: `/usr/bin/${name}` } };
}

function kinds(tool: Tool, survey: Survey): readonly string[] {
  return sourcesOf(tool, survey).map((source) => source.kind);
}

describe("the order of sources", () => {
  test.each<readonly [string, Partial<Survey>, readonly string[]]>([
    ["a fitting one on PATH wins", {}, ["path"]],
    ["one on PATH of another version does not", { onPath: new Map([["etcd", onPath("etcd", "3.6.0")]]) }, ["cache"]],
    [
      "one on PATH that tells no version does not",
      { onPath: new Map([["etcd", onPath("etcd", undefined)]]) },
      ["cache"],
    ],
    ["what was brought before comes next", { onPath: new Map() }, ["cache"]],
    [
      "then the download, with the Go build to fall back on",
      { onPath: new Map(), cached: new Set() },
      ["download", "go"],
    ],
    [
      "only the build where no host answers",
      { onPath: new Map(), cached: new Set(), answeringHosts: new Set() },
      ["go"],
    ],
    ["only the download without Go", { onPath: new Map(), cached: new Set(), go: { kind: "absent" } }, ["download"]],
  ])("%s", (_name, change, expected) => {
    expect(kinds(etcd, { ...everything, ...change })).toEqual(expected);
  });

  test("pulumi on PATH is taken only with its language host beside it", () => {
    const alone = onPath("pulumi", "3.259.0");
    const both = { ...alone, binaries: { ...alone.binaries, "pulumi-language-nodejs": "/opt/pulumi-language-nodejs" } };
    expect(kinds(pulumi, { ...nothing, go, onPath: new Map([["pulumi", alone]]) })).toEqual(["go"]);
    expect(kinds(pulumi, { ...nothing, go, onPath: new Map([["pulumi", both]]) })).toEqual(["path"]);
  });

  test.each([
    ["a Go that is too old and may not fetch a newer one", "1.25.9", false, []],
    ["a Go that is too old but may", "1.25.9", true, ["go"]],
    ["a Go from before it could", "1.20.0", true, []],
    ["a Go that is new enough", "1.26.0", false, ["go"]],
  ])("%s", (_name, version, canSwitch, expected) => {
    expect(kinds(etcd, { ...nothing, go: { kind: "present", version, canSwitch } })).toEqual(expected);
  });

  test("a module that asks for a later Go than the others is not built by an older one", () => {
    const older = { ...nothing, go: { ...go, version: "1.26.7" } };
    expect(realNodeTools.map((tool) => kinds(tool, older))).toEqual([["go"], []]);
    expect(realNodeTools.map((tool) => kinds(tool, { ...nothing, go }))).toEqual([["go"], ["go"]]);
  });

  test("a tool is missing when neither PATH nor the cache has it, whatever could be fetched", () => {
    expect(isMissing(etcd, everything)).toBe(false);
    expect(isMissing(etcd, { ...everything, onPath: new Map() })).toBe(false);
    expect(isMissing(etcd, { ...everything, onPath: new Map(), cached: new Set() })).toBe(true);
  });
});

describe("a machine that has nothing", () => {
  test("gets one error that names every tool, every host and what to install", () => {
    expect(noSourceError(tools, nothing)?.message).toMatchInlineSnapshot(
      `"ENV_TOOL: toolchain: no source for etcd 3.7.3, kube-apiserver 1.36.3, kube-controller-manager 1.36.3, kube-scheduler 1.36.3, kwok 0.8.0, helm 4.3.1, pulumi 3.259.0: not on PATH in a version that fits, no answer from github.com, dl.k8s.io, get.helm.sh, and Go is not on PATH. Install Go 1.26.0 or later (https://go.dev/dl/), or give this machine a way to these hosts, then run ./scripts/toolchain again."`,
    );
  });

  test("is told what stands on PATH and why it does not do", () => {
    const survey = {
      ...nothing,
      onPath: new Map([
        ["pulumi", onPath("pulumi", "3.259.0")],
        ["etcd", onPath("etcd", "3.5.0")],
      ]),
      go: { kind: "present", version: "1.22.2", canSwitch: false } as const,
    };
    expect(noSourceError([etcd, pulumi], survey)?.message).toMatchInlineSnapshot(
      `"ENV_TOOL: toolchain: no source for etcd 3.7.3 (PATH has 3.5.0), pulumi 3.259.0 (PATH has /usr/bin/pulumi without pulumi-language-nodejs beside it): not on PATH in a version that fits, no answer from github.com, and Go on PATH is 1.22.2. Install Go 1.26.0 or later (https://go.dev/dl/), or give this machine a way to these hosts, then run ./scripts/toolchain again."`,
    );
  });

  test("is told of no host where only a build would do", () => {
    expect(noSourceError(realNodeTools.slice(1), nothing)?.message).toMatchInlineSnapshot(
      `"ENV_TOOL: toolchain: no source for buildkitd 0.34.2: not on PATH in a version that fits, and Go is not on PATH. Install Go 1.26.8 or later (https://go.dev/dl/), then run ./scripts/toolchain again."`,
    );
  });

  test("gets none as soon as Go is there", () => {
    expect(noSourceError(tools, { ...nothing, go })).toBeUndefined();
  });
});
