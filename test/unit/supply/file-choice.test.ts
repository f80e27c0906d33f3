import { expect, test } from "vitest";
import { chooseFiles, type FileChoice } from "../../../infra/supply/hub/file-choice.ts";

const repository = [
  ".gitattributes",
  "README.md",
  "config.json",
  "manifest.json",
  "SHA256SUMS",
  "model.safetensors",
  "pytorch_model.bin",
  "original/model.safetensors",
  "sub/model.gguf",
  "left.part",
];

function chosen(paths: readonly string[], choice: Partial<FileChoice> = {}): string[] {
  const files = paths.map((path) => ({ path, bytes: 1 }));
  return chooseFiles(files, { include: [], exclude: [], ...choice }).map(({ path }) => path);
}

test("what an engine does not need is left out, and what a hydration writes itself", () => {
  expect(chosen(repository)).toEqual(["README.md", "config.json", "model.safetensors"]);
});

test("another format is loaded where there are no safetensors", () => {
  expect(chosen(["config.json", "pytorch_model.bin"])).toEqual(["config.json", "pytorch_model.bin"]);
});

test("what is included takes the place of these lists, but for a hydration's own files", () => {
  expect(chosen(repository, { include: ["*.bin", "original/*", "manifest.json"] })).toEqual([
    "pytorch_model.bin",
    "original/model.safetensors",
  ]);
});

test("what is excluded goes from both", () => {
  expect(chosen(repository, { exclude: ["*.md"] })).toEqual(["config.json", "model.safetensors"]);
  expect(chosen(repository, { include: ["*.json"], exclude: ["conf?g.json"] })).toEqual([]);
});

test("a point in a pattern is a point", () => {
  expect(chosen(["modelXsafetensors", "a.b"], { include: ["model.*", "a.?"] })).toEqual(["a.b"]);
});
