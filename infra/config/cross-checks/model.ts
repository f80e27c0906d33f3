import type { CrossCheck, Finding } from "../cross-check.ts";
import type { StackConfig } from "../stack-config.ts";

/** Rules about the weights. */
export const modelChecks: readonly CrossCheck[] = [
  {
    name: "path-in-volume",
    sentence: "`model.path` lies in the `mountPath` of `model.volume`, where there is a volume.",
    reads: ["model.path", "model.volume"],
    find: pathInVolume,
  },
  {
    name: "mount-path-free",
    sentence: "`model.volume.mountPath` hides no folder that the engine needs.",
    reads: ["model.volume"],
    find: mountPathFree,
  },
  {
    name: "revision-of-hub",
    sentence: "`model.revision` goes with a hub id or with `model.weights`, not with a folder that is filled already.",
    reads: ["model.path", "model.revision", "model.weights"],
    find: revisionOfHub,
  },
  {
    name: "path-names-template",
    sentence: "`model.path` contains no word by which the server picks another model's chat template.",
    reads: ["model.path"],
    find: pathNamesTemplate,
  },
];

function pathInVolume({ model }: StackConfig): readonly Finding[] {
  const { path, volume } = model;
  if (volume === undefined || isInside(path, volume.mountPath)) return [];
  const message = `got ${path}, wanted a folder in ${volume.mountPath}, where model.volume mounts the weights.`;
  const hint = "The engine would ignore the volume. Point model.path into it, or remove model.volume.";
  return [{ path: "model.path", message, hint }];
}

/** Folders that the container has of its own, and the volume for caches. */
const takenFolders = ["/dev", "/proc", "/sys", "/var/cache/keye"];

function mountPathFree({ model }: StackConfig): readonly Finding[] {
  const mountPath = model.volume?.mountPath;
  if (mountPath === undefined) return [];
  const taken = takenFolders.find((folder) => isInside(mountPath, folder) || isInside(folder, mountPath));
  if (taken === undefined) return [];
  const message = `got ${mountPath}, which collides with ${taken}, a folder that the engine needs.`;
  return [{ path: "model.volume.mountPath", message, hint: "Use a folder of its own, such as /models." }];
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function revisionOfHub({ model }: StackConfig): readonly Finding[] {
  if (model.revision === undefined || model.weights !== undefined || !model.path.startsWith("/")) return [];
  const message = `is for weights from the hub, and model.path is the folder ${model.path}.`;
  return [{ path: "model.revision", message, hint: "Leave it out: the folder holds one version of the weights." }];
}

/**
 * Words in the model's path that make the server use another model's chat template without a word.
 * sglang keye-vl-v2-30b-release, srt/parser/conversation.py, register_conv_template_matching_function.
 */
const templateWords = /\bpoints\b|internvl|janus|vicuna|llava-v1\.5|llava-next-video-7b|deepseek.*vl2|minicpm-(v|o)/i;

function pathNamesTemplate({ model }: StackConfig): readonly Finding[] {
  const match = templateWords.exec(model.path);
  if (match === null) return [];
  const message = `contains "${match[0]}", and the server then uses that model's chat template, which garbles every answer.`;
  return [{ path: "model.path", message, hint: "Name the folder otherwise, such as /models/keye-vl-2.0-30b-a3b." }];
}
