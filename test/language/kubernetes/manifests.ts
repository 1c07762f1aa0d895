/** A pod with these lines in its spec, before a plain container. */
export function podWith(...lines: readonly string[]): string {
  return objectWith('Pod', lines, container());
}

/** A pod whose only container has these lines. */
export function podOf(...lines: readonly string[]): string {
  return objectWith('Pod', [], container(...lines));
}

/** A pod with these lines in its spec and the containers. */
export function podHolding(lines: readonly string[], ...containers: readonly string[]): string {
  return objectWith('Pod', lines, ...containers);
}

export function container(...lines: readonly string[]): string {
  return ['    - name: app', '      image: registry.example/app:1', ...lines.map((line) => `      ${line}`)].join('\n');
}

function objectWith(kind: string, lines: readonly string[], ...containers: readonly string[]): string {
  return `${[
    'apiVersion: v1',
    `kind: ${kind}`,
    'metadata:',
    '  name: web',
    'spec:',
    ...lines.map((line) => `  ${line}`),
    '  containers:',
    ...containers,
  ].join('\n')}\n`;
}

/** A controller with these lines beside its template and those in the template's spec. */
export function controllerWith(kind: string, around: readonly string[], lines: readonly string[]): string {
  return `${[
    'apiVersion: apps/v1',
    `kind: ${kind}`,
    'metadata:',
    '  name: web',
    'spec:',
    ...around.map((line) => `  ${line}`),
    '  template:',
    '    spec:',
    ...lines.map((line) => `      ${line}`),
    '      containers:',
    '        - name: app',
    '          image: registry.example/app:1',
  ].join('\n')}\n`;
}

export function sysctl(name: string, value = '"1"'): string[] {
  return [`    - name: ${name}`, `      value: ${value}`];
}

/** A pod with these sysctls, and lines in its spec. */
export function sysctlsWith(entries: readonly string[], ...lines: readonly string[]): string {
  return podWith(...lines, 'securityContext:', '  sysctls:', ...entries);
}
