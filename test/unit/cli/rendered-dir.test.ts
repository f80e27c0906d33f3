import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { replaceFiles } from "../../../infra/cli/rendered-dir.ts";
import { manifestFiles } from "../../../infra/spec/manifest-files.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "render-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function files(...names: readonly string[]) {
  return manifestFiles(
    "keye",
    names.map((name) => ({ apiVersion: "v1", kind: "Service", metadata: { name } })),
  );
}

test("a folder that is not there is made", () => {
  const dir = join(folder, "deploy/keye");
  replaceFiles(dir, files("keye"));
  expect(readdirSync(dir)).toEqual(["kustomization.yaml", "service.yaml"]);
});

test("the next run replaces its own files, and leaves those that others put beside them", () => {
  replaceFiles(folder, files("keye", "keye-candidate"));
  writeFileSync(join(folder, "README.md"), "ours");
  replaceFiles(folder, files("keye"));
  expect(readdirSync(folder).sort()).toEqual(["README.md", "kustomization.yaml", "service.yaml"]);
});

test("a run that was cut short after its list is taken up again", () => {
  const [list] = files("keye", "keye-candidate");
  writeFileSync(join(folder, "kustomization.yaml"), list?.text ?? "");
  replaceFiles(folder, files("keye"));
  expect(readdirSync(folder).sort()).toEqual(["kustomization.yaml", "service.yaml"]);
});

test("a list that names files elsewhere removes nothing there", () => {
  const dir = join(folder, "deploy");
  mkdirSync(dir);
  writeFileSync(join(folder, "precious.yaml"), "keep");
  const [list] = files("keye");
  writeFileSync(join(dir, "kustomization.yaml"), `${list?.text ?? ""}  - ../precious.yaml\n`);
  replaceFiles(dir, files("keye"));
  expect(readFileSync(join(folder, "precious.yaml"), "utf8")).toBe("keep");
});

test.each([
  { what: "somebody's files", name: "notes.txt", text: "mine" },
  { what: "somebody's kustomization", name: "kustomization.yaml", text: "resources: []\n" },
])("a folder with $what is refused, and left as it was", ({ name, text }) => {
  writeFileSync(join(folder, name), text);
  expect(() => replaceFiles(folder, files("keye"))).toThrow(
    expect.objectContaining({
      code: "CONFIG_USAGE",
      message: `CONFIG_USAGE: ${folder}: The folder holds 1 entries that keye render did not write, such as ${name}. Give --to a new or empty folder.`,
    }),
  );
  expect(readdirSync(folder)).toEqual([name]);
  expect(readFileSync(join(folder, name), "utf8")).toBe(text);
});

test("a folder that cannot be written is one error", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => replaceFiles(join(file, "keye"), files("keye"))).toThrow(
    expect.objectContaining({ code: "ENV_READ_ONLY", where: join(file, "keye") }),
  );
});
