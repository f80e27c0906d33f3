import { readdir, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { DeployError } from "../../core/errors.ts";
import { formatTransfer, sizeText } from "../../core/transfer.ts";
import type { Bytes, Milliseconds } from "../../core/units.ts";
import { checkAccess } from "../hub/access.ts";
import { chooseFiles } from "../hub/file-choice.ts";
import type { HubFile } from "../hub/hub.ts";
import { otherWeights } from "./complete-folder.ts";
import { isIntact } from "./content-digest.ts";
import { freeBytes, onDisk } from "./disk.ts";
import { downloadFile } from "./download.ts";
import { forEachAtOnce } from "./each.ts";
import { checkSpace } from "./free-space.ts";
import type { HydrateArgs } from "./hydrate-args.ts";
import { Ledger } from "./ledger.ts";
import { type Manifest, type ManifestFile, manifestName, markerName, writeManifest } from "./manifest.ts";
import type { Meter } from "./meter.ts";
import { partPathOf, sizeOnDisk, sumFile } from "./part-file.ts";
import { ledgerPath, removeLedger, stateFolder } from "./state-folder.ts";

const tellInterval: Milliseconds = 2_000;

/** Loads what lacks in a folder that this process has locked, and marks it complete. */
export async function loadFolder(args: HydrateArgs, meter: Meter): Promise<Manifest> {
  const { hub, dir, source, clock, signal, tell } = args;
  const commit = await hub.resolveRevision(args.revision, signal);
  const listed = await hub.listFiles(commit, signal);
  const files = chooseFiles(listed, args.choice);
  if (files.length === 0) throw nothingToLoad(args, listed.length);
  const asking = { clock, patience: args.patience, where: source };
  await checkAccess(hub, { commit, files }, { ...asking, signal });
  const { ledger, other } = await Ledger.open(ledgerPath(dir), { source, commit });
  if (other !== undefined) throw otherWeights(dir, other, { source, commit });
  await onDisk(dir, () => rm(join(dir, markerName), { force: true }));

  const work = await survey(files, args, ledger);
  const total = sum(files.map(({ bytes }) => bytes));
  checkSpace(dir, work.lackingBytes, await (args.freeBytes ?? freeBytes)(dir));
  await ledger.save();
  meter.begin(total, sum(work.finished.map(({ bytes }) => bytes)), clock.now());
  tell(`${source}@${commit}: ${files.length} files, ${sizeText(total)}, ${sizeText(work.lackingBytes)} to load`);
  const loaded = await withProgress(args, meter, () => loadFiles(work.rest, args, { commit, ledger, meter }));
  const manifest = { source, commit, files: [...work.finished, ...loaded].sort((a, b) => (a.path < b.path ? -1 : 1)) };
  await writeManifest(dir, manifest);
  await removeLedger(dir);
  const strangers = await strangersIn(dir, manifest);
  if (strangers.length > 0) tell(`not of this source, left as they are: ${strangers.join(", ")}`);
  return manifest;
}

interface Work {
  readonly finished: readonly ManifestFile[];
  /** Largest first, so that no large one is alone at the end. */
  readonly rest: readonly HubFile[];
  readonly lackingBytes: Bytes;
}

/** What is there, told from sizes and the ledger: nothing is read yet. */
async function survey(files: readonly HubFile[], { dir }: HydrateArgs, ledger: Ledger): Promise<Work> {
  const finished: ManifestFile[] = [];
  const rest: HubFile[] = [];
  let lackingBytes = 0;
  for (const file of files) {
    const path = join(dir, file.path);
    const found = await stat(path).catch(() => undefined);
    const known = ledger.finished(file.path);
    if (known !== undefined && found?.size === file.bytes && found.mtimeMs === known.modifiedMs) {
      finished.push({ path: file.path, bytes: file.bytes, sha256: known.sha256 });
      continue;
    }
    rest.push(file);
    const there =
      found?.size === file.bytes && file.sum !== undefined ? file.bytes : await sizeOnDisk(partPathOf(path));
    lackingBytes += Math.max(0, file.bytes - there);
  }
  return { finished, rest: rest.sort((a, b) => b.bytes - a.bytes), lackingBytes };
}

interface Loading {
  readonly commit: string;
  readonly ledger: Ledger;
  readonly meter: Meter;
}

async function loadFiles(files: readonly HubFile[], args: HydrateArgs, loading: Loading): Promise<ManifestFile[]> {
  const { hub, dir, source, clock, patience, parallelism, signal, tell } = args;
  const { commit, ledger, meter } = loading;
  const loaded: ManifestFile[] = [];
  await forEachAtOnce(files, { limit: parallelism, signal }, async (file, signal) => {
    const target = join(dir, file.path);
    const onBytes = (count: Bytes) => meter.add(count);
    const context = { hub, commit, where: source, ledger, clock, patience, signal, onBytes, onNote: tell };
    const sha256 = (await sumThere(file, target, { onBytes, signal })) ?? (await downloadFile(file, target, context));
    const { size, mtimeMs } = await stat(target);
    await ledger.noteFinished(file.path, { bytes: size, sha256, modifiedMs: mtimeMs });
    loaded.push({ path: file.path, bytes: file.bytes, sha256 });
  });
  return loaded;
}

/** The sha256 of a file that is there and is what the source lists: somebody may have copied it in by hand. */
async function sumThere(
  file: HubFile,
  target: string,
  { onBytes, signal }: { readonly onBytes: (count: Bytes) => void; readonly signal: AbortSignal },
): Promise<string | undefined> {
  // Without a source's sum a file that has appeared proves nothing.
  if (file.sum === undefined || file.bytes === 0 || (await sizeOnDisk(target)) !== file.bytes) return undefined;
  const sums = await sumFile(target, file, { onBytes, signal });
  if (isIntact(sums, file)) return sums.sha256;
  onBytes(-file.bytes);
  return undefined;
}

/** Tells the progress every two seconds while `work` runs, and once at its end. */
async function withProgress<T>({ clock, tell }: HydrateArgs, meter: Meter, work: () => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const line = () => tell(formatTransfer(meter.read(clock.now())));
  const telling = async () => {
    for (;;) {
      await clock.sleep(tellInterval, ended.signal);
      line();
    }
  };
  const told = telling().catch(() => {});
  try {
    return await work();
  } finally {
    ended.abort();
    await told;
    line();
  }
}

/** Files that lie in the folder and are none of the manifest's: an engine that loads `*.safetensors` would take them too. */
async function strangersIn(dir: string, { files }: Manifest): Promise<readonly string[]> {
  const known = new Set([...files.map(({ path }) => path), manifestName, markerName]);
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .filter((path) => !known.has(path) && !path.startsWith(`${stateFolder}/`))
    .sort();
}

function nothingToLoad({ source }: HydrateArgs, listed: number): DeployError {
  return new DeployError({
    code: "E_SUPPLY",
    where: source,
    message: `None of its ${listed} files is left to load.`,
    hint: "Look at them with --list; change --include and --exclude.",
  });
}

function sum(sizes: readonly Bytes[]): Bytes {
  return sizes.reduce((total, size) => total + size, 0);
}
