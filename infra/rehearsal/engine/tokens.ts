/** Tokens of the chat template around one message, and of the opening of the answer. */
const perMessage = 7;
const perAnswer = 4;

/** Cuts a text into pieces of about a token each; joined, they are the text again. */
export function pieces(text: string): readonly string[] {
  return text.match(/ ?\p{Script=Han}| ?(?:(?!\p{Script=Han})\p{L}){1,10}| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s/gu) ?? [];
}

/** About how many tokens a text has: one a word, digit or run of signs, more for long words. */
export function countTokens(text: string): number {
  return pieces(text).length;
}

/** Tokens of a conversation after the chat template, without its media. */
export function conversationTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + perMessage + countTokens(text), perAnswer);
}
