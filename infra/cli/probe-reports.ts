import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DeployError, faultLine } from "../core/errors.ts";
import type { ReportFormat } from "../prober/reports/formats.ts";

/** One `--report FORMAT=FILE`. */
export interface ReportPlace {
  readonly format: ReportFormat;
  readonly file: string;
}

interface Opened extends ReportPlace {
  /** Where the text is written first, to become `file` at once; undefined where it goes straight into `file`. */
  readonly draft: string | undefined;
}

/**
 * The files of a run's reports. What cannot be written is told when they are opened, before anything is asked; what is
 * there already stays as it was until a whole new report takes its place.
 */
export class ReportFiles {
  readonly #opened: Opened[] = [];

  /** Throws `ENV_READ_ONLY` for the first file that cannot be written. */
  static open(places: readonly ReportPlace[]): ReportFiles {
    const files = new ReportFiles();
    try {
      for (const place of places) files.#opened.push(onReport(place.file, () => openPlace(place)));
    } catch (error) {
      files.close();
      throw error;
    }
    return files;
  }

  /** Writes every report. Throws `ENV_READ_ONLY`. */
  write(textOf: (format: ReportFormat) => string): void {
    for (const { format, file, draft } of this.#opened) {
      onReport(file, () => {
        writeFileSync(draft ?? file, textOf(format));
        if (draft !== undefined) renameSync(draft, file);
      });
    }
  }

  /** Removes what was begun and never became a report. */
  close(): void {
    for (const { draft } of this.#opened) if (draft !== undefined) rmSync(draft, { force: true });
  }
}

/** A termination log is a file that the kubelet mounts, and a device has no folder to rename in: both are written in place. */
function openPlace(place: ReportPlace): Opened {
  const there = statSync(place.file, { throwIfNoEntry: false });
  if (place.format === "termination" || (there !== undefined && !there.isFile())) {
    closeSync(openSync(place.file, "a"));
    return { ...place, draft: undefined };
  }
  const draft = `${place.file}.${process.pid}.part`;
  closeSync(openSync(draft, "w"));
  return { ...place, draft };
}

function onReport<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    // The draft's name would only puzzle: the reader named another.
    const fault = faultLine(error).replace(`.${process.pid}.part`, "");
    throw new DeployError({
      code: "ENV_READ_ONLY",
      where: file,
      message: `The report cannot be written: ${fault}.`,
      hint: "Name a file, in a folder that is there and that you may write to.",
      cause: error,
    });
  }
}
