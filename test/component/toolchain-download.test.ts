import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { download, sumFor } from "../../scripts/toolchain.d/download.ts";
import { answeringHosts } from "../../scripts/toolchain.d/hosts.ts";
import type { Checksum } from "../../scripts/toolchain.d/tools.ts";

const sum = createHash("sha256").update("a binary").digest("hex");
const otherSum = createHash("sha256").update("another").digest("hex");
const never = new AbortController().signal;

let server: Server;
let base: string;
let folder: string;
let archive: Buffer;

beforeAll(async () => {
  const pages: Record<string, string> = {
    "/tool": "a binary",
    "/tool.sha256": `${sum}\n`,
    "/wrong": `${otherSum}  tool\n`,
  };
  server = createServer((request, response) => {
    const page = request.url === "/helm.tar.gz" ? archive : pages[request.url ?? ""];
    response.writeHead(page === undefined ? 404 : 200).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  base = `http://127.0.0.1:${address.port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keye-download-"));
  mkdirSync(join(folder, "bin"));
  return () => rmSync(folder, { recursive: true });
});

function fetchTool(path: string, checksum: Checksum): Promise<string> {
  return download({ download: { url: `${base}${path}`, checksum }, name: "etcd", folder, onBytes: () => {} }, never);
}

test.each<readonly [string, () => Checksum]>([
  ["the table", () => ({ kind: "pinned", sha256: sum })],
  ["the publisher's file", () => ({ kind: "published", url: `${base}/tool.sha256` })],
])("a file with the sum that %s says becomes an executable", async (_name, checksum) => {
  await expect(fetchTool("/tool", checksum())).resolves.toBe(sum);
  expect(readFileSync(join(folder, "bin", "etcd"), "utf8")).toBe("a binary");
  expect(statSync(join(folder, "bin", "etcd")).mode & 0o111).toBe(0o111);
});

test("of an archive only the wanted members stay", async () => {
  const content = join(folder, "content");
  mkdirSync(join(content, "linux-amd64"), { recursive: true });
  for (const name of ["helm", "README.md"]) writeFileSync(join(content, "linux-amd64", name), name);
  execFileSync("tar", ["-czf", join(folder, "packed"), "-C", content, "linux-amd64"]);
  archive = readFileSync(join(folder, "packed"));
  const checksum = { kind: "pinned", sha256: createHash("sha256").update(archive).digest("hex") } as const;
  const what = { url: `${base}/helm.tar.gz`, checksum, members: { helm: "linux-amd64/helm" } };
  await download({ download: what, name: "helm", folder, onBytes: () => {} }, never);
  expect(readdirSync(join(folder, "bin"))).toEqual(["helm"]);
  expect(readdirSync(folder).sort()).toEqual(["bin", "content", "packed"]);
});

test.each<readonly [string, string, () => Checksum, () => string]>([
  [
    "with another sum",
    "/tool",
    () => ({ kind: "published", url: `${base}/wrong` }),
    () => `${base}/tool has sha256 ${sum}, but ${base}/wrong says ${otherSum}`,
  ],
  [
    "without a published sum",
    "/tool",
    () => ({ kind: "published", url: `${base}/none` }),
    () => `${base}/none (status 404) holds no sha256 of tool`,
  ],
  ["that is not there", "/absent", () => ({ kind: "pinned", sha256: sum }), () => `${base}/absent answered 404`],
])("a file %s is refused", async (_name, path, checksum, message) => {
  await expect(fetchTool(path, checksum())).rejects.toThrow(message());
  expect(readdirSync(join(folder, "bin"))).toEqual([]);
});

test.each([
  ["a lone sum", `${sum}\n`, sum],
  ["a line of sum and file", `${otherSum}  other.tar.gz\n${sum}  tool.tar.gz\n`, sum],
  ["a line in binary mode", `${sum} *tool.tar.gz\n`, sum],
  ["only other files", `${otherSum}  other.tar.gz\n`, undefined],
  ["a page that is no checksum file", "<html>moved</html>", undefined],
])("a checksum file that holds %s", (_name, text, expected) => {
  expect(sumFor(text, "tool.tar.gz")).toBe(expected);
});

test("each host is asked once, and silent ones are left out", async () => {
  const asked: string[] = [];
  const urls = ["https://a.example/x", "https://a.example/y", "https://b.example/z"];
  const answering = await answeringHosts(urls, 1_000, async (url) => {
    asked.push(url);
    if (url.includes("b.example")) throw new Error("no such host");
  });
  expect(asked).toEqual(["https://a.example/", "https://b.example/"]);
  expect([...answering]).toEqual(["a.example"]);
});
