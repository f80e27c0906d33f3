/**
 * What the model authors' video client sends as `preprocess_kwargs`: the products that their documentation means, in
 * squares of 28 pixels.
 */
export const authorsVideoLimits = {
  fps: 2.0,
  min_pixels: 128 * 28 * 28,
  max_pixels: 512 * 28 * 28,
  video_total_pixels: 180 * 1024 * 28 * 28,
} as const;

/** Tokens that the authors' video client asks room for. */
export const authorsVideoMaxTokens = 32_760;

/** The body of the model authors' image example. */
export function authorsImageBody(model: string, url: string): object {
  return {
    model,
    messages: userMessage({ type: "image_url", image_url: { url } }, "Describe this image in detail."),
    n: 1,
    temperature: 0.0,
    max_tokens: 256,
    top_k: 1,
    ignore_eos: false,
    skip_special_tokens: true,
  };
}

/** The body of the model authors' video example. */
export function authorsVideoBody(model: string, url: string): object {
  return {
    model,
    messages: userMessage(
      { type: "video_url", video_url: { url, preprocess_kwargs: authorsVideoLimits } },
      "Describe this video.",
    ),
    n: 1,
    temperature: 0.1,
    max_tokens: authorsVideoMaxTokens,
    top_p: 0.001,
    ignore_eos: false,
    skip_special_tokens: true,
  };
}

function userMessage(media: object, text: string): readonly object[] {
  return [{ role: "user", content: [media, { type: "text", text }] }];
}
