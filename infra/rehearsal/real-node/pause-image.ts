import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeImageLayout } from "./image-layout.ts";
import { makeTar } from "./tar.ts";

/** The image of the process that holds a pod's namespaces. It is never pulled. */
export const pauseImage = "localhost/rehearsal-pause:1";

/** It sleeps until it is told to end; `wait` collects the orphans of a pod whose containers share its processes. */
const command = "trap 'exit 0' TERM INT; busybox sleep infinity & wait";

/** Makes the pause image from a static busybox. Returns the folder of its OCI layout. */
export async function makePauseImage(dir: string, busybox: string): Promise<string> {
  const files = join(dir, "files");
  const layer = join(dir, "layer.tar");
  const layout = join(dir, "image");
  mkdirSync(join(files, "bin"), { recursive: true });
  copyFileSync(busybox, join(files, "bin", "busybox"));
  await makeTar(layer, files);
  const config = { Env: ["PATH=/bin"], Entrypoint: ["/bin/busybox", "sh", "-c", command] };
  await writeImageLayout(layout, { name: pauseImage, layers: [layer], config });
  return layout;
}
