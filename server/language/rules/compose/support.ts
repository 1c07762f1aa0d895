import { bitsOf, type ComposeDocument, type Service, type Setting } from '../../dialects/compose/model.ts';
import type { Severity } from '../../protocol.ts';
import type { Finding, Fix, RuleInfo } from '../../rule.ts';
import type { Span } from '../../span.ts';
import type { YamlEntry } from '../../yaml.ts';

export const specification = 'https://github.com/compose-spec/compose-spec/blob/main/05-services.md';
/** Where the Compose command checks what it has loaded. */
export const loader = 'https://github.com/compose-spec/compose-go/blob/main/loader/validate.go';
/** Where Docker Engine checks what goes together in a container that is to be created. */
export const engineNetworkChecks = 'https://github.com/moby/moby/blob/master/daemon/internal/runconfig/hostconfig.go';
export const engineChecks = 'https://github.com/moby/moby/blob/master/daemon/daemon_unix.go';
export const runcChecks = 'https://github.com/opencontainers/runc/blob/main/libcontainer/configs/validate/validator.go';
export const engineManual = 'https://docs.docker.com/reference/cli/docker/container/run/';

type Check = (service: Service, document: ComposeDocument) => Iterable<Finding>;

/** A rule that looks at one service after the other. */
export interface ServiceRule extends RuleInfo {
  readonly asks: (service: Service, document: ComposeDocument) => Iterable<Finding> | undefined;
}

/** `about` are keys of a service of which it must have one for there to be anything to say. */
export function serviceRule(info: RuleInfo, about: readonly string[], check: Check): ServiceRule {
  const asked = bitsOf(about);
  const asks: ServiceRule['asks'] = (service, document) =>
    service.fields.mayHave(asked) && about.some((key) => service.fields.has(key))
      ? check(service, document)
      : undefined;
  return { ...info, asks };
}

/** What depends on the default of a variable is only a remark: another value may be given. */
export function unlessAssumed(...settings: readonly (Pick<Setting, 'assumed'> | undefined)[]): {
  severity?: Severity;
} {
  return settings.some((one) => one?.assumed === true) ? { severity: 'information' } : {};
}

/** Takes an entry out with its lines; nothing where it shares its line, or is not the service's own. */
export function removal(
  { text }: ComposeDocument,
  service: Service,
  { key, keySpan, value }: YamlEntry,
): { fixes?: readonly Fix[] } {
  const own = service.maps.some(({ span }) => span.start <= keySpan.start && value.span.end <= span.end);
  const start = text.lastIndexOf('\n', keySpan.start - 1) + 1;
  if (!own || text.slice(start, keySpan.start).trim() !== '') return {};
  const last = Math.max(keySpan.end, value.span.end);
  const next = text.indexOf('\n', last);
  const end = next < 0 ? text.length : next + 1;
  // A comment goes with its line; anything else, such as the bracket of a map around, stays.
  if (!/^:?\s*(?:#.*)?$/.test(text.slice(last, end).trimEnd())) return {};
  return { fixes: [{ title: `Remove \`${key}\``, edits: [{ span: { start, end }, text: '' }] }] };
}

export function replacement(title: string, span: Span, text: string): readonly Fix[] {
  return [{ title, edits: [{ span, text }] }];
}

export function wordsOf(values: readonly string[]): string {
  const quoted = values.map((value) => `\`${value}\``);
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
}
