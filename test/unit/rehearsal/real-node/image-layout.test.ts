import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeImageLayout } from "../../../../infra/rehearsal/real-node/image-layout.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "keye-image-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(folder: string, name: string, layer: string): Promise<string> {
  mkdirSync(join(dir, folder));
  const file = join(dir, `${folder}.layer`);
  writeFileSync(file, layer);
  return writeImageLayout(join(dir, folder), { name, layers: [file], config: { Cmd: ["true"] } });
}

test("an image's digest depends on what it holds, not on its name or place", async () => {
  const digest = await write("one", "localhost/one:1", "layer");
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await write("two", "localhost/two:1", "layer")).toBe(digest);
  expect(await write("three", "localhost/one:1", "another")).not.toBe(digest);
});

test("the layout leads from the name to the manifest, its settings and its layers", async () => {
  const digest = await write("one", "localhost/one:1", "layer");
  const blob = (of: string) => readFileSync(join(dir, "one", "blobs", of.replace(":", "/")), "utf8");
  const index = JSON.parse(readFileSync(join(dir, "one", "index.json"), "utf8"));
  expect(index.manifests).toMatchObject([{ digest, annotations: { "io.containerd.image.name": "localhost/one:1" } }]);
  const manifest = JSON.parse(blob(digest));
  expect(blob(manifest.layers[0].digest)).toBe("layer");
  expect(JSON.parse(blob(manifest.config.digest))).toMatchObject({
    os: "linux",
    config: { Cmd: ["true"] },
    rootfs: { type: "layers", diff_ids: [manifest.layers[0].digest] },
  });
});
