import { expect, test } from "vitest";
import { checkEgress } from "../../../../infra/spec/doctor/check-egress.ts";
import { buildPlan } from "../../../support/build-plan.ts";
import { testDigest } from "../../../support/stack-config.ts";
import { hydrated } from "../../../support/weights-settings.ts";
import { patient } from "./patient.ts";

function ways(settings: Readonly<Record<string, unknown>>): readonly string[] {
  return checkEgress(patient(settings)).map(({ where, what }) => `${where}: ${what.split(" and the hosts")[0]}`);
}

test.each([
  {
    what: "an engine that downloads its weights",
    settings: {},
    lines: ["nodes of the pools: Must reach registry-1.docker.io", "pods of namespace keye: Must reach huggingface.co"],
  },
  {
    what: "weights from a mirror by a Job",
    settings: hydrated({ weights: { kind: "huggingface", repo: "a/b", endpoint: "https://hub.example.com" } }),
    lines: [
      "nodes of the pools: Must reach registry-1.docker.io",
      "nodes of the pools: Must reach registry.example",
      "pods of namespace keye: Must reach hub.example.com",
    ],
  },
  {
    what: "an image that is on the nodes, weights in a folder",
    settings: { image: { digest: testDigest, pullPolicy: "Never" }, model: { path: "/models/keye" } },
    lines: [],
  },
])("$what", ({ settings, lines }) => {
  expect(ways(settings)).toEqual(lines);
});

test("a build reaches repositories and registries, each host once", () => {
  const { config, facts } = patient({ model: { path: "/models/keye" } });
  const found = checkEgress({ config: { ...config, image: buildPlan().image }, facts });
  expect(found.at(-1)?.what).toMatch(
    /^Must reach github\.com, registry-1\.docker\.io, registry\.example.* and the hosts that it sends to: the build/,
  );
});
