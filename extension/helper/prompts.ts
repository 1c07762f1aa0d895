import type { Disposable } from '../disposable.ts';

export interface PromptEvents {
  /** What is no prompt. */
  readonly onText: (text: string) => void;
  /** The prompt that we chose. */
  readonly onPassword: () => void;
  /** A prompt of somebody else's, such as a PAM module that wants a one-time code. */
  readonly onOther: (prompt: string) => void;
}

/** Text without a line's end, and nothing after it for so long, waits for an answer. */
const quietMilliseconds = 500;

/**
 * Finds prompts in what sudo writes to stderr. A prompt is text that no line's end follows; ours is known by its words.
 * Everything up to `fence` was written before sudo ran, and is passed over.
 */
export class PromptReader implements Disposable {
  readonly #fence: string;
  readonly #prompt: string;
  readonly #events: PromptEvents;
  #fenced = true;
  #text = '';
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(fence: string, prompt: string, events: PromptEvents) {
    this.#fence = fence;
    this.#prompt = prompt;
    this.#events = events;
  }

  push(chunk: Uint8Array): void {
    if (this.#disposed) return;
    clearTimeout(this.#timer);
    // Bounded: a prompt is short.
    this.#text = (this.#text + Buffer.from(chunk).toString('utf8')).slice(-65_536);
    if (this.#fenced) {
      const start = this.#text.indexOf(`${this.#fence}\n`);
      if (start === -1) return;
      this.#fenced = false;
      this.#text = this.#text.slice(start + this.#fence.length + 1);
    }
    for (;;) {
      const start = this.#text.indexOf(this.#prompt);
      if (start === -1) break;
      this.#events.onText(this.#text.slice(0, start));
      this.#text = this.#text.slice(start + this.#prompt.length);
      this.#events.onPassword();
    }
    const lineEnd = this.#text.lastIndexOf('\n') + 1;
    this.#events.onText(this.#text.slice(0, lineEnd));
    this.#text = this.#text.slice(lineEnd);
    if (this.#text.trim() === '') return;
    this.#timer = setTimeout(() => {
      const prompt = this.#text;
      this.#text = '';
      this.#events.onOther(prompt);
    }, quietMilliseconds);
  }

  /** Ends waiting. Text that is left counts as no prompt. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#timer);
    this.#events.onText(this.#text);
  }
}
