import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ServerArgsRead } from "./make-contract.ts";

const script = join(import.meta.dirname, "read_server_args.py");

/**
 * Reads the arguments out of a `server_args.py` with Python's own parser; nothing of the file is run. Throws an `Error`
 * whose message says what is in the way: no python3, or what it could not read.
 */
export async function readServerArgs(file: string, python = "python3"): Promise<ServerArgsRead> {
  try {
    // -B: no compiled copies beside the scripts. The answer is one line of JSON, a few hundred KiB for a whole server.
    const { stdout } = await promisify(execFile)(python, ["-B", script, file], { maxBuffer: 64 * 2 ** 20 });
    // The script prints this shape, and main.ts holds the contract that is made of it against the schema.
    return JSON.parse(stdout) as ServerArgsRead;
  } catch (error) {
    throw new Error(faultOf(error), { cause: error });
  }
}

function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "python3 is not on PATH; Python 3.9 or later reads the file.";
  return "stderr" in error && typeof error.stderr === "string" && error.stderr !== ""
    ? error.stderr.trim()
    : error.message;
}
