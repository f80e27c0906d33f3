import { expect, test } from "vitest";
import { fits, isAtLeast, versionIn } from "../../../scripts/toolchain.d/version.ts";

test.each([
  ["etcd", "etcd Version: 3.7.3\nGit SHA: abc\nGo Version: go1.26.8\n", "3.7.3"],
  ["kube-apiserver", "Kubernetes v1.36.3\n", "1.36.3"],
  ["kwok", "kwok version v0.8.0 go1.26.8 (linux/amd64)\n", "0.8.0"],
  ["helm", "v4.3.1+g0123abc\n", "4.3.1"],
  ["a helm without its version stamped in", "v4.3\n", undefined],
  ["pulumi", "v3.259.0\n", "3.259.0"],
])("the version is the first full one that %s prints", (_name, text, version) => {
  expect(versionIn(text)).toBe(version);
});

test.each([
  ["the same version", "3.7.3", "patch", true],
  ["a later patch", "3.7.4", "patch", true],
  ["an earlier patch", "3.7.2", "patch", false],
  ["a later minor where only patches may differ", "3.8.0", "patch", false],
  ["a later minor where minors may differ", "3.8.0", "minor", true],
  ["an earlier minor with a higher patch", "3.6.9", "minor", false],
  ["a later major", "4.0.0", "minor", false],
] as const)("%s in place of 3.7.3", (_name, found, accepts, expected) => {
  expect(fits(found, "3.7.3", accepts)).toBe(expected);
});

test("numbers are compared as numbers", () => {
  expect(isAtLeast("1.26.10", "1.26.9")).toBe(true);
  expect(isAtLeast("1.26", "1.26.0")).toBe(true);
  expect(isAtLeast("1.9.0", "1.26.0")).toBe(false);
});
