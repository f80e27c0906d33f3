import { expect, test } from "vitest";
import { formatPropertyPath, isWithin, parsePropertyPath } from "../../../infra/rehearsal/provider/property-path.ts";

test.each([
  { text: "spec.replicas", path: ["spec", "replicas"] },
  { text: "spec.ports[0].name", path: ["spec", "ports", 0, "name"] },
  { text: 'metadata.labels["app.kubernetes.io/name"]', path: ["metadata", "labels", "app.kubernetes.io/name"] },
  { text: 'data["a\\"b"].c', path: ["data", 'a"b', "c"] },
])("$text is read and written back", ({ text, path }) => {
  expect(parsePropertyPath(text)).toEqual(path);
  expect(formatPropertyPath(path)).toBe(text);
});

test("a star stays a step that stands for any one", () => {
  const star = parsePropertyPath("spec.containers[*].image") ?? [];
  expect(isWithin(["spec", "containers", 3, "image"], star)).toBe(true);
  expect(isWithin(["spec", "containers", 3, "name"], star)).toBe(false);
});

test("what is no path is told", () => {
  expect(parsePropertyPath('a["b')).toBeUndefined();
});
