import { describe, expect, test } from "vitest";
import { movedSettings, parseSettings, settingsProblems } from "../../../infra/rehearsal/provider/provider-settings.ts";
import { secret, unknownText } from "../../../infra/rehearsal/provider/values.ts";

describe("provider settings", () => {
  test.each([
    { setting: { skipUpdateUnreachable: "true" }, refused: "skipUpdateUnreachable" },
    { setting: { deleteUnreachable: true }, refused: "deleteUnreachable" },
    { setting: { renderYamlToDirectory: "out" }, refused: "renderYamlToDirectory" },
    { setting: { cluster: "other" }, refused: "cluster" },
    { setting: { enableServerSideApply: "false" }, refused: "enableServerSideApply" },
  ])("$refused is refused", ({ setting, refused }) => {
    expect(settingsProblems(setting).map((problem) => problem.path)).toEqual([refused]);
  });

  test("that are off, or that only the official provider has, are let pass", () => {
    const settings = {
      skipUpdateUnreachable: "false",
      enableServerSideApply: "true",
      suppressHelmHookWarnings: "true",
    };
    expect(settingsProblems(settings)).toEqual([]);
  });

  test("are read from the SDK's texts, secrets included", () => {
    expect(parseSettings({ kubeconfig: secret("k"), context: "c", namespace: "n", enablePatchForce: "true" })).toEqual({
      kubeconfig: "k",
      context: "c",
      namespace: "n",
      clusterIdentifier: "",
      enablePatchForce: true,
      enableConfigMapMutable: false,
      enableSecretMutable: false,
      upsertExistingObjects: false,
    });
  });

  test.each([
    { name: "another context", olds: { context: "a" }, news: { context: "b" }, moved: [] },
    { name: "an identifier where there was none", olds: {}, news: { clusterIdentifier: "b" }, moved: [] },
    {
      name: "an identifier that is not known yet",
      olds: { clusterIdentifier: "a" },
      news: { clusterIdentifier: unknownText },
      moved: [],
    },
    {
      name: "another identifier",
      olds: { clusterIdentifier: "a" },
      news: { clusterIdentifier: "b" },
      moved: ["clusterIdentifier"],
    },
    {
      name: "another context of the same identifier",
      olds: { clusterIdentifier: "a", context: "a" },
      news: { clusterIdentifier: "a", context: "b" },
      moved: [],
    },
    { name: "another kubeconfig", olds: { kubeconfig: "a" }, news: { kubeconfig: "b" }, moved: [] },
  ])("$name: everything is made anew for $moved", ({ olds, news, moved }) => {
    expect(movedSettings(olds, news)).toEqual(moved);
  });
});
