import { RunError } from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { withPlainErrors } from "../../infra/components/bridge.ts";
import { DeployError } from "../../infra/core/errors.ts";

test("what a person can mend reaches Pulumi as an error that it shows without a stack", async () => {
  const error = new DeployError({ code: "POOL_MISMATCH", where: "nodePools", message: "No node.", hint: "Add one." });
  const failure = await withPlainErrors(() => Promise.reject(error)).catch((thrown: unknown) => thrown);
  expect(RunError.isInstance(failure)).toBe(true);
  expect(failure).toHaveProperty("message", "POOL_MISMATCH: nodePools: No node. Add one.");
});

test("a mistake in the program keeps its stack", async () => {
  const mistake = new TypeError("x is not a function");
  await expect(withPlainErrors(() => Promise.reject(mistake))).rejects.toBe(mistake);
});

test("a value passes through", async () => {
  expect(await withPlainErrors(() => Promise.resolve(1))).toBe(1);
});
