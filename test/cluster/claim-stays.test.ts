import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Setting, writeStackFile } from "../../scripts/story/stack-file.ts";
import { PromotionStack } from "../support/promotion-stack.ts";

const root = resolve(import.meta.dirname, "../..");
const dir = mkdtempSync(join(tmpdir(), "claim-stays-"));

let stack: PromotionStack;

beforeAll(async () => {
  stack = await PromotionStack.start();
  await stack.cluster.createNamespace("keye");
});

afterAll(async () => {
  await stack?.close();
  rmSync(dir, { recursive: true });
});

const existing: readonly Setting[] = [
  { path: ["model", "path"], value: "/models/keye" },
  { path: ["model", "volume", "kind"], value: "pvc" },
  { path: ["model", "volume", "claim"], value: "keye-weights" },
  { path: ["model", "volume", "mountPath"], value: "/models" },
];
const made: readonly Setting[] = [...existing, { path: ["model", "volume", "create", "size"], value: "80Gi" }];

/** Updates the claim and what it is part of: no engine has to start for it. */
function up(settings: readonly Setting[]) {
  const targets = ["Namespace::keye", "Supply::keye", "PersistentVolumeClaim::keye-weights"];
  const flags = targets.flatMap((end) => ["--target", `**${end}`]);
  const file = writeStackFile(root, dir, settings);
  return stack.pulumi(["up", "--yes", "--skip-preview", ...flags, "--config-file", file]);
}

function claim() {
  const path = "/api/v1/namespaces/keye/persistentvolumeclaims/keye-weights";
  return stack.cluster.call<{ metadata: { uid: string; deletionTimestamp?: string } }>({ method: "GET", path });
}

test("the claim that the stack made stays when the stack gives it up, and is taken over when it is wanted again", async () => {
  expect(await up(made)).toMatchObject({ exitCode: 0 });
  const { uid } = (await claim()).metadata;

  const given = await up(existing);
  expect(given).toMatchObject({ exitCode: 0 });
  expect(given.output).toContain("[retain]");
  const kept = (await claim()).metadata;
  expect(kept.uid).toBe(uid);
  expect(kept.deletionTimestamp).toBeUndefined();

  const again = await up(made);
  expect(again).toMatchObject({ exitCode: 0 });
  expect(again.output).toContain("PersistentVolumeClaim keye-weights created");
  expect((await claim()).metadata.uid).toBe(uid);
});
