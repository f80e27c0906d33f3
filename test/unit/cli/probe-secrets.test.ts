import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { probe } from "../../../infra/cli/probe.ts";
import { reportFormats } from "../../../infra/prober/reports/formats.ts";
import { chatBody, type Handler, json, ScriptedEngine } from "../../support/scripted-engine.ts";

const planted = {
  ownKey: "kx7-planted-own-key-0001",
  serverKey: "planted-server-key-0002",
  adminKey: "planted-admin-key-0003",
  hubToken: "hf_PlantedPlantedPlanted04",
  bearer: "PlantedBearer.0005.abcdef",
  openAiKey: "sk-planted-0006-abcdefgh",
  errorKey: "planted-error-key-0007",
  picture: "iVBORw0KGgoPlantedPicture08+abc/def==",
};

let engine: ScriptedEngine | undefined;
afterEach(async () => {
  await engine?.close();
  engine = undefined;
});

/** An engine that tells every key that it knows, wherever it can. */
async function leakyEngine(): Promise<string> {
  const picture = `data:image/png;base64,${planted.picture}`;
  const answer = `key ${planted.ownKey}, Bearer ${planted.bearer}, ${planted.hubToken}, ${planted.openAiKey}, ${picture}`;
  const chat: Handler = (response, body, request) => {
    if (body.stream === true) {
      const message = `${picture} ServerArgs(api_key='${planted.errorKey}', "api_key": "${planted.errorKey}") ${"x".repeat(60)} ${planted.ownKey}`;
      json({ object: "error", message, code: 500 }, 500)(response, body, request);
      return;
    }
    // The second half of the key is where quotations are cut.
    json(chatBody(`${answer} ${"y".repeat(24)} ${planted.ownKey}`))(response, body, request);
  };
  engine = new ScriptedEngine({
    "/v1/chat/completions": chat,
    "/health": json({ api_key: planted.serverKey }, 500),
    "/model_info": json({ weight_version: `rev api_key=${planted.serverKey}` }),
    "/server_info": json({
      status: "ready",
      api_key: planted.serverKey,
      admin_api_key: planted.adminKey,
      model_path: `https://user:${planted.serverKey}@models.example/keye`,
      version: `Bearer ${planted.bearer}`,
    }),
    "/v1/models": json({ data: [{ id: planted.hubToken }] }),
  });
  return engine.listen();
}

test("no key or picture that an engine tells, and not the key that it is asked with, is in any report, on stdout or on stderr", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keye-probe-"));
  const said: string[] = [];
  const say = (text: string) => said.push(text);
  const world = { out: say, err: say, env: { KEYE_API_KEY: planted.ownKey }, signal: AbortSignal.timeout(4000) };
  const reports = reportFormats.flatMap((format) => ["--report", `${format}=${join(folder, format)}`]);
  const declared = ["--expect", "servedModelName=keye", "--expect", "modelPath=keye", "--expect", "weightVersion=rev"];
  expect(await probe.run(["--base-url", await leakyEngine(), "--json", ...declared, ...reports], world)).toBe(1);
  const written = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  expect(written).toHaveLength(reportFormats.length);
  const all = [...said, ...written].join("\n");
  // What was searched was told of the leaks, and holds them hidden.
  expect(all).toContain("[hidden]");
  expect(all).toContain("data:[media left out]");
  expect(Object.values(planted).filter((secret) => all.includes(secret))).toEqual([]);
  expect(all).not.toContain(planted.ownKey.slice(0, 12));
});
