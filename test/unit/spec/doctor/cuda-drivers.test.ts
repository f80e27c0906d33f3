import { expect, test } from "vitest";
import { cudaOf, judgeDriver } from "../../../../infra/spec/doctor/cuda-drivers.ts";
import { buildPlan } from "../../../support/build-plan.ts";

test.each([
  { base: "nvidia/cuda:12.9.1-cudnn-devel-ubuntu24.04", cuda: { major: 12, minor: 9, isAssumed: false } },
  { base: "nvidia/cuda:13.0.1-devel-ubuntu24.04", cuda: { major: 13, minor: 0, isAssumed: false } },
  { base: "registry.example/base:latest", cuda: undefined },
])("the CUDA of a source build is that of its base: $base", ({ base, cuda }) => {
  expect(cudaOf({ ...buildPlan().image, base })).toEqual(cuda);
});

test.each([
  { driver: 580, cuda: [13, 0], verdict: { kind: "own" } },
  { driver: 575, cuda: [13, 0], verdict: { kind: "too old", oldest: 580 } },
  { driver: 535, cuda: [12, 6], verdict: { kind: "older", own: 560 } },
  { driver: 580, cuda: [13, 1], verdict: { kind: "unknown" } },
  { driver: 470, cuda: [11, 8], verdict: { kind: "unknown" } },
])("driver $driver under CUDA $cuda", ({ driver, cuda: [major = 0, minor = 0], verdict }) => {
  expect(judgeDriver(driver, { major, minor, isAssumed: false })).toEqual(verdict);
});
