import { stringify } from "yaml";
import { buildConfigMap, buildJob } from "../../infra/spec/build/build-job.ts";
import { buildPlan } from "../../test/support/build-plan.ts";
import type { Generator } from "../generator.ts";

/** What a source build applies: with the defaults, and with every setting that adds something to the Job. */
export const generators: readonly Generator[] = [
  { name: "build Dockerfile golden", path: "test/golden/build/Dockerfile", text: () => buildPlan().dockerfile },
  { name: "build objects golden", path: "test/golden/build/defaults.yaml", text: defaults },
  { name: "build Job golden, every setting", path: "test/golden/build/everything.yaml", text: everything },
];

function defaults(): string {
  const plan = buildPlan();
  const { Dockerfile: _, ...rest } = Object(buildConfigMap(plan).data);
  // The Dockerfile has a file of its own.
  const configMap = { ...buildConfigMap(plan), data: { Dockerfile: "see Dockerfile", ...rest } };
  return [configMap, buildJob(plan)].map(yaml).join("---\n");
}

function everything(): string {
  const settings = {
    cpu: "32",
    memory: "256Gi",
    cacheClaim: "build-cache",
    pushSecret: "registry-push",
    nodeSelector: { "node-role.example.com/build": "true" },
    deadlineSeconds: 7200,
  };
  return yaml(buildJob(buildPlan(settings)));
}

function yaml(object: object): string {
  return stringify(object, { lineWidth: 0 });
}
