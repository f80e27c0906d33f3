import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** Which rooms each room of `infra/` may import, and which packages it alone may use. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ["core"],
  spec: ["core", "config"],
  status: ["core"],
  gate: ["core", "status"],
  prober: ["core", "gate"],
  cluster: ["core", "gate", "status"],
  process: ["core"],
  supply: ["core"],
  components: ["config", "spec", "process", "core"],
  rollgate: ["gate", "prober", "cluster", "status", "supply", "core"],
  rehearsal: ["cluster", "process", "status", "core"],
  cli: ["config", "spec", "process", "core", "gate", "prober", "cluster", "status", "supply", "rollgate", "rehearsal"],
  "index.ts": ["components", "config", "core"],
};

/** Packages that only the named rooms may import. */
const onlyIn: readonly { readonly package: string; readonly rooms: readonly string[] }[] = [
  { package: "@pulumi/kubernetes", rooms: ["components"] },
  { package: "@kubernetes/client-node", rooms: ["cluster"] },
  { package: "execa", rooms: ["process"] },
  { package: "@pulumi/pulumi", rooms: ["components", "rollgate", "rehearsal", "index.ts"] },
];

const pureRooms = ["core", "config", "spec", "status"];
const impure = /\b(Date\.now|Math\.random|setTimeout|setInterval|fetch)\s*\(|new Date\(\)/;

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const infra = resolve(import.meta.dirname, "../infra");

function sourceFiles(dir: string): SourceFile[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path: join(dir, path), text: readFileSync(join(dir, path), "utf8") }));
}

function roomOf(path: string): string {
  return relative(infra, path).split("/")[0] ?? "";
}

function importsOf(text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s*"([^"]+)"|import\(\s*"([^"]+)"\s*\)|import\s+"([^"]+)"/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

/** Every broken rule of one file, as a sentence that says what is allowed. */
function violations(file: SourceFile): string[] {
  const room = roomOf(file.path);
  const name = relative(infra, file.path);
  const allowed = mayImport[room];
  if (allowed === undefined) return [`${name}: no room "${room}" in the import table`];
  const found: string[] = [];
  for (const target of importsOf(file.text)) {
    if (target.startsWith(".")) {
      const other = roomOf(resolve(dirname(file.path), target));
      if (other !== room && !allowed.includes(other)) {
        found.push(`${name} imports ${other}: ${room} may import ${allowed.join(", ") || "nothing"}`);
      }
      if (!/\.(ts|json)$/.test(target)) found.push(`${name} imports "${target}": write the file's own ending`);
      continue;
    }
    const rule = onlyIn.find((entry) => target === entry.package || target.startsWith(`${entry.package}/`));
    if (rule !== undefined && !rule.rooms.includes(room)) {
      found.push(`${name} imports ${rule.package}: only ${rule.rooms.join(", ")} may`);
    }
    if (target.startsWith("node:") && pureRooms.includes(room)) {
      found.push(`${name} imports ${target}: ${room} uses no Node module`);
    }
  }
  if (pureRooms.includes(room) && impure.test(file.text))
    found.push(`${name}: ${room} takes time and chance as arguments`);
  if (room !== "cli" && !/(^|\/)(main|index)\.ts$/.test(name) && /\bprocess\.env\b/.test(file.text)) {
    found.push(`${name}: only cli and entry points (main.ts, index.ts) read process.env`);
  }
  return found;
}

describe("the house", () => {
  test("every file imports only what its room may", () => {
    expect(sourceFiles(infra).flatMap(violations)).toEqual([]);
  });

  test("a file of gate that imports cluster is named with the rule", () => {
    const seeded = { path: join(infra, "gate/seeded.ts"), text: 'import { x } from "../cluster/read.ts";\n' };
    expect(violations(seeded)).toEqual(["gate/seeded.ts imports cluster: gate may import core, status"]);
  });

  test("a pure room that asks for the time is named", () => {
    const seeded = { path: join(infra, "spec/seeded.ts"), text: "export const now = Date.now();\n" };
    expect(violations(seeded)).toEqual(["spec/seeded.ts: spec takes time and chance as arguments"]);
  });
});
