#!/usr/bin/env node
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readContract } from "../infra/config/contracts/read-contract.ts";
import { keyeContract } from "../infra/config/contracts/shipped.ts";
import { textOf } from "../infra/core/errors.ts";
import { type MadeContract, makeContract, type Unread } from "./arguments-contract/make-contract.ts";
import { readServerArgs } from "./arguments-contract/read-server-args.ts";

const usage = `Makes the contract of an SGLang image out of its server_args.py, for engine.argumentsContract.

  node scripts/arguments-contract.ts [--name NAME] [--source TEXT] [--rules] FILE > contract.json

FILE is python/sglang/srt/server_args.py of the source, or sglang/srt/server_args.py of the package. Nothing of it is run.
Leave it in its folder: lists of choices are read from the files beside it.

  --name NAME    what the contract is called in messages (default sglang)
  --source TEXT  where the file comes from (default its sha256)
  --rules        takes over those rules of the Keye branch that are about arguments which this server has

Standard error says how many arguments there are, and what could not be read and is therefore not checked.
Exit code 0: made; 1: it is no contract; 2: bad usage; 4: FILE or python3 cannot be used.
`;

const { values, positionals } = parseArgs({
  options: {
    name: { type: "string", default: "sglang" },
    source: { type: "string" },
    rules: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
  allowPositionals: true,
});
const [file] = positionals;
if (values.help || file === undefined || positionals.length > 1) {
  (values.help ? process.stdout : process.stderr).write(usage);
  process.exit(values.help ? 0 : 2);
}
process.exitCode = await main(file);

async function main(path: string): Promise<number> {
  let made: MadeContract;
  let unread: readonly Unread[];
  try {
    const read = await readServerArgs(path);
    const source = values.source ?? `server_args.py, sha256 ${sha256(path)}`;
    made = makeContract(read, { name: values.name, source, rules: values.rules ? keyeContract.rules : [] });
    unread = read.unread;
  } catch (error) {
    console.error(textOf(error));
    return 4;
  }
  const text = `${JSON.stringify(made.contract, null, 2)}\n`;
  const checked = readContract(text);
  if (checked.kind === "fault") {
    console.error(`${path} gives no contract: ${checked.fault}`);
    return 1;
  }
  process.stdout.write(text);
  report(made, unread);
  return 0;
}

function report({ contract, leftOut }: MadeContract, unread: readonly Unread[]): void {
  console.error(`${contract.flags.length} arguments, ${contract.rules.length} rules`);
  for (const { flag, what, reason } of unread) console.error(`not read: ${flag ?? "an argument"}: ${what}: ${reason}`);
  for (const { name, flag } of leftOut) console.error(`rule left out: ${name}: no ${flag}, or none that it goes with`);
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
