import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds that any wait for something certain may take; generous, since the machine may be busy with other things. */
export const patience = 150_000;

/** Polls until `probe` gives something else than undefined or false. Rejects after `deadline` milliseconds, naming what was waited for. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadline: number = patience,
): Promise<T> {
  const end = Date.now() + deadline;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`Waited ${deadline} ms in vain for ${what}`);
    await delay(10);
  }
}

/** The promise's value, or a rejection that names what was waited for. */
export async function within<T>(what: string, promise: Promise<T>, deadline: number = patience): Promise<T> {
  const abort = new AbortController();
  const late = delay(deadline, undefined, { signal: abort.signal }).then(() => {
    throw new Error(`Waited ${deadline} ms in vain for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    abort.abort();
    late.catch(() => {});
  }
}
