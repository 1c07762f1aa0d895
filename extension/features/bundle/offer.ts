/** What can be done with an OCI bundle on a host, in words. Pure. */
import type { BundlePlan } from '../../explain/bundle.ts';
import type { BundleField } from '../../explain/bundle-fields.ts';
import { escapeMarkdown } from '../../explain/markdown.ts';
import { createPreview, type CreateOptions, type CreatePreview } from '../../explain/preview.ts';
import type { FactsRecord } from '../../helper/protocol.ts';
import { shellQuote } from '../../model/commands.ts';
import { displayText } from '../../model/text.ts';
import { count } from '../../model/plain-words.ts';

/** Where the bundle is, and where its config.json was read. */
export interface Place {
  /** Absolute path of the folder on the host. */
  readonly folder: string;
  readonly host: string;
  /** The file that was read is that of the folder itself, not a copy on another machine. */
  readonly same: boolean;
}

export type Way =
  | { readonly kind: 'runtime'; readonly name: string; readonly path: string }
  /** `program`: what process.args says is run, not only the instance kept. */
  | { readonly kind: 'helper'; readonly program: boolean };

export interface Offer {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly way: Way;
}

const runtimes = ['runc', 'crun'] as const;

/** In the order in which they are sensible. */
export function offers(tools: FactsRecord['tools'], plan: BundlePlan, { host, same }: Place): readonly Offer[] {
  const byRuntime = runtimes.flatMap((name): Offer[] => {
    const path = tools[name];
    if (path === undefined) return [];
    const which = same ? 'Every field is left to it.' : `It reads config.json on ${host}, not the file here.`;
    const detail = `${which} It runs in a terminal and is not kept.`;
    return [
      {
        label: name,
        description: displayText(path),
        detail,
        way: { kind: 'runtime', name, path },
      },
    ];
  });
  if (plan.words === undefined) {
    const detail = `${count(plan.invalid.length, 'field')} of config.json ${plan.invalid.length === 1 ? 'breaks' : 'break'} the specification`;
    return [
      ...byRuntime,
      { label: 'Helper', description: 'not possible', detail, way: { kind: 'helper', program: true } },
    ];
  }
  const command = displayText((plan.options.argv ?? []).map(shellQuote).join(' '), 80);
  const whole: Offer = {
    label: 'Helper',
    description: effect(plan),
    detail: `Kept under a name while ${command} runs, without a terminal`,
    way: { kind: 'helper', program: true },
  };
  const kept: Offer = {
    label: 'Helper, without the program',
    description: effect(withoutProgram(plan)),
    detail: 'Kept under a name until it is ended; Enter opens terminals in it',
    way: { kind: 'helper', program: false },
  };
  // A shell that gets no terminal ends at once.
  const terminal = plan.notHonoured.some(({ pointer }) => pointer === '/process/terminal');
  return [...byRuntime, ...(terminal ? [kept, whole] : [whole, kept])];
}

function effect({ notHonoured }: BundlePlan): string {
  return `${count(notHonoured.length, 'field')} without effect`;
}

/** The same instance with nothing started in it. */
export function withoutProgram({ options, ...plan }: BundlePlan): BundlePlan {
  const { argv, uid, gid, chdir, ...rest } = options;
  const left: readonly (readonly [unknown, BundleField])[] = [
    [argv, { pointer: '/process/args', why: 'the program is not started' }],
    [uid ?? gid, { pointer: '/process/user', why: 'no program is started as this user' }],
    [chdir, { pointer: '/process/cwd', why: 'no program is started in this folder' }],
  ];
  const added = left.flatMap(([value, field]) => (value === undefined ? [] : [field]));
  return { ...plan, options: rest, notHonoured: [...added, ...plan.notHonoured] };
}

/** `runc run --bundle DIR -- NAME`. */
export function runtimeCommand(path: string, folder: string, name: string): readonly string[] {
  return [path, 'run', '--bundle', folder, '--', name];
}

/** Before a runtime is started: what runs, as whom, and what is outside of the container. */
export function runtimeWords(command: readonly string[], config: unknown, place: Place, user: string): string {
  const hooks = typeof config === 'object' && config !== null && 'hooks' in config;
  return [
    `${displayText(user)} runs:\n${displayText(command.map(shellQuote).join(' '), 400)}`,
    place.same
      ? undefined
      : `What counts is ${displayText(place.folder)}/config.json on ${place.host}, whatever the file here says.`,
    hooks ? 'Its hooks are programs that run on the host itself, outside of the container.' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join('\n\n');
}

/** `/process/env: the program gets the environment of the helper`. */
export function fieldWords({ pointer, why }: BundleField): string {
  return `${displayText(pointer === '' ? 'The file' : pointer)}: ${displayText(why, 400)}`;
}

export interface Announcement {
  readonly options: CreateOptions;
  readonly preview: CreatePreview;
  /** Lines that fit into a dialog. */
  readonly short: boolean;
  /** Plain text. */
  readonly detail: string;
  readonly markdown: string;
}

/** More lines than this do not fit into a dialog of a small screen. */
const dialogLines = 18;

/** Everything that is to be known before the helper does it: all fields without effect, then the steps. */
export function announcement(plan: BundlePlan, name: string, { folder, host }: Place): Announcement {
  const options: CreateOptions = { ...plan.options, keep: name };
  const preview = createPreview(options);
  const fields = plan.notHonoured.map(fieldWords);
  const title =
    fields.length === 0 ? 'Every field is honoured.' : `${count(fields.length, 'field')} of config.json without effect`;
  return {
    options,
    preview,
    short: fields.length + preview.steps.length <= dialogLines,
    detail: [
      fields.length === 0 ? title : `${title}:\n${fields.map((each) => `• ${each}`).join('\n')}`,
      preview.steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    ].join('\n\n'),
    markdown: [
      `# Create “${escapeMarkdown(name)}” on ${escapeMarkdown(host)}`,
      `From the OCI bundle ${escapeMarkdown(folder)}.`,
      `## ${title}`,
      ...(fields.length === 0 ? [] : [fields.map((each) => `- ${escapeMarkdown(each)}`).join('\n')]),
      '## What is done',
      preview.steps.map((step, index) => `${index + 1}. ${escapeMarkdown(step)}`).join('\n'),
      '',
    ].join('\n\n'),
  };
}
