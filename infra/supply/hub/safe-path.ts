import { DeployError } from "../../core/errors.ts";

/**
 * `path` if it may be joined to a folder: relative, with slashes, without `.` and `..`. Throws `E_SUPPLY` otherwise: a source
 * that names such a file wants to write elsewhere.
 */
export function safePath(path: string, where: string): string {
  const isUnsafe =
    path === "" || /[\\\0]/.test(path) || path.split("/").some((part) => part === "" || part === "." || part === "..");
  if (!isUnsafe) return path;
  throw new DeployError({
    code: "E_SUPPLY",
    where,
    message: `It lists the file ${JSON.stringify(path)}, which lies outside of a folder.`,
    hint: "Nothing was written. Do not trust this source.",
  });
}
