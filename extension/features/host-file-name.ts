/** `build7-2026-11-25T07-22-52Z.json`: the host's own time, in characters that every file system takes. */
export function hostFileName(label: string, time: number | undefined, extension: string): string {
  const name = label.replaceAll(/[^\w.@-]+/g, '-');
  const when =
    time === undefined
      ? ''
      : `-${new Date(time * 1000)
          .toISOString()
          .replace(/\.\d+Z$/, 'Z')
          .replaceAll(':', '-')}`;
  return `${name}${when}.${extension}`;
}
