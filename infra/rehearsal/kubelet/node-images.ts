import type { ApiClient } from "../../cluster/api-client.ts";
import { imageId, parseImage } from "./image.ts";

/** Size that is told of every image: nothing is really pulled. */
export const toldSize = 14_495_514_624;

/** How many images a node tells of: the largest ones. @see kubernetes 1.36, KubeletConfiguration nodeStatusMaxImages */
const toldImages = 50;

/** The images that each simulated node has, as pods name them, and as the node's status tells them. */
export class NodeImages {
  readonly #api: ApiClient;
  readonly #signal: AbortSignal;
  readonly #images = new Map<string, Set<string>>();

  constructor(api: ApiClient, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
  }

  has(node: string, image: string): boolean {
    return this.#images.get(node)?.has(image) === true;
  }

  /** Takes note of a pulled image. The node's status follows, as a real one's does with its next report. */
  async add(node: string, image: string): Promise<void> {
    const images = this.#images.get(node) ?? new Set<string>();
    this.#images.set(node, images.add(image));
    const told = [...images].slice(-toldImages).flatMap((name) => {
      const ref = parseImage(name);
      return ref === undefined ? [] : [{ names: [imageId(ref)], sizeBytes: toldSize }];
    });
    const path = `/api/v1/nodes/${encodeURIComponent(node)}/status`;
    const body = { status: { images: told } };
    // A node that is gone, or an API server that is away, keeps no pod from starting.
    await this.#api
      .send({ method: "PATCH", path, contentType: "application/merge-patch+json", body }, this.#signal)
      .catch(() => undefined);
  }
}
