/** A value as Compose will see it. */
export interface Interpolated {
  /** Undefined where a variable decides. */
  readonly text: string | undefined;
  /** A variable may give another value than this default. */
  readonly assumed: boolean;
}

const variable = /\$(?:(\$)|\{[A-Za-z_]\w*(?:(:?[-+?])([^{}]*))?\}|[A-Za-z_]\w*)/g;

/** `$$` is a dollar sign; of `${NAME:-default}` and `${NAME-default}` the default is taken; other variables are unknown. */
export function interpolated(written: string): Interpolated {
  if (!written.includes('$')) return { text: written, assumed: false };
  let assumed = false;
  let unknown = false;
  const text = written.replace(variable, (_, dollar?: string, operator?: string, otherwise?: string) => {
    if (dollar !== undefined) return '\0';
    if (operator?.endsWith('-') === true) assumed = true;
    else unknown = true;
    return otherwise ?? '';
  });
  if (unknown || text.includes('$')) return { text: undefined, assumed: true };
  return { text: text.replaceAll('\0', '$'), assumed };
}
