/** package.json against the registry of ids and against the rules that no schema checks. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  commands,
  contextKeys,
  languageSettings,
  settings,
  viewContainers,
  views,
  walkthroughs,
} from '../../../extension/ids.ts';
import manifest from '../../../package.json' with { type: 'json' };

const { contributes } = manifest;
const root = new URL('../../../', import.meta.url);

function sorted(values: Iterable<string>): readonly string[] {
  return [...values].toSorted();
}

interface MenuEntry {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}

const menus: Readonly<Record<string, readonly MenuEntry[]>> = contributes.menus;

test('commands, views, containers, settings and walkthroughs are those of the registry', () => {
  assert.deepEqual(sorted(contributes.commands.map(({ command }) => command)), sorted(Object.values(commands)));
  assert.deepEqual(
    contributes.views.linuxNamespaces.map(({ id }) => id),
    Object.values(views),
  );
  assert.deepEqual(Object.keys(contributes.views), Object.values(viewContainers));
  assert.deepEqual(
    contributes.viewsContainers.activitybar.map(({ id }) => id),
    Object.values(viewContainers),
  );
  assert.deepEqual(
    sorted(Object.keys(contributes.configuration.properties)),
    sorted([...Object.values(settings), ...Object.values(languageSettings)]),
  );
  assert.deepEqual(
    contributes.walkthroughs.map(({ id }) => id),
    Object.values(walkthroughs),
  );
});

test('every command has a category, an icon, and says when it can be used unless it always can', () => {
  const always: readonly string[] = [
    commands.addHost,
    commands.manageHosts,
    commands.groupBy,
    commands.filter,
    commands.filterByType,
    commands.showLog,
  ];
  for (const command of contributes.commands) {
    assert.equal(command.category, 'Linux Namespaces', command.command);
    assert.match(command.icon, /^\$\([a-z-]+\)$/, command.command);
    assert.equal('enablement' in command, !always.includes(command.command), command.command);
  }
});

test('before the extension is active, the palette offers what starts it', () => {
  for (const command of contributes.commands) {
    const condition = 'enablement' in command ? command.enablement : 'true';
    // All keys are undefined then.
    const open = condition.startsWith('!linuxNamespaces.');
    assert.ok(open || condition === 'true', `${command.command}: ${condition}`);
  }
});

test('menus and conditions name only what there is', () => {
  const known = new Set<string>([
    ...Object.values(commands),
    ...Object.values(views),
    ...Object.values(contextKeys),
    ...Object.values(walkthroughs),
    ...Object.values(settings),
    `${views.hosts}.focus`,
  ]);
  const conditions = [
    ...contributes.commands.flatMap((command) => ('enablement' in command ? [command.enablement] : [])),
    ...Object.values(menus).flatMap((entries) => entries.flatMap(({ command, when = '' }) => [command, when])),
    ...contributes.viewsWelcome.flatMap(({ contents, when, view }) => [contents, when, view]),
    ...contributes.walkthroughs.flatMap(({ steps }) =>
      steps.flatMap(({ description, completionEvents }) => [description, ...completionEvents]),
    ),
  ];
  for (const text of conditions) {
    for (const [name] of text.matchAll(/linuxNamespaces\.[A-Za-z.]*[A-Za-z]/g))
      assert.ok(known.has(name), `${name} in ${text}`);
  }
});

test('every context key is used', () => {
  const text = JSON.stringify(contributes);
  for (const key of Object.values(contextKeys)) assert.ok(text.includes(key), key);
});

/** By `${command:…}` of launch.json. */
const asked: readonly string[] = [commands.pickTarget, commands.pickProcess];

test('what needs a row is not in the palette', () => {
  const hidden = menus['commandPalette']?.filter(({ when }) => when === 'false').map(({ command }) => command) ?? [];
  assert.deepEqual(
    sorted(hidden),
    sorted([
      commands.reconnect,
      commands.cancelConnect,
      commands.showMore,
      commands.compareSelected,
      commands.compareWith,
      // Launch configurations ask them.
      ...asked,
      commands.refreshListening,
    ]),
  );
});

test('every command can be reached from a menu, the palette, or a row', () => {
  const palette = new Set(
    contributes.commands
      .map(({ command }) => command)
      .filter(
        (command) => !menus['commandPalette']?.some((entry) => entry.command === command && entry.when === 'false'),
      ),
  );
  const inMenus = new Set(
    [...(menus['view/title'] ?? []), ...(menus['view/item/context'] ?? [])].map(({ command }) => command),
  );
  for (const { command } of contributes.commands) {
    // "Show More" is what its row runs.
    if (command !== commands.showMore && !asked.includes(command))
      assert.ok(palette.has(command) || inMenus.has(command), command);
  }
});

test('a workspace can set how its files are judged, when it is trusted, and nothing else', () => {
  const ofFiles: readonly string[] = Object.values(languageSettings);
  for (const [id, property] of Object.entries(contributes.configuration.properties)) {
    assert.equal(property.scope, ofFiles.includes(id) ? 'resource' : 'application', id);
  }
  assert.deepEqual(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations, ofFiles);
  assert.equal(manifest.capabilities.untrustedWorkspaces.supported, true);
});

test('files that are named are there', () => {
  const named = [
    manifest.icon,
    ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
    ...contributes.views.linuxNamespaces.map(({ icon }) => icon),
    ...contributes.walkthroughs.flatMap(({ icon, steps }) => [icon, ...steps.map(({ media }) => media.svg)]),
  ];
  for (const file of named) assert.ok(existsSync(new URL(file, root)), file);
});

test('the walkthrough has four steps, each with words for its picture', () => {
  const [walkthrough] = contributes.walkthroughs;
  assert.equal(walkthrough?.steps.length, 4);
  for (const step of walkthrough?.steps ?? []) assert.match(step.media.altText, /\.$/, step.id);
});

test('the icons of a type differ in nothing but their colour', () => {
  const folders = ['light', 'dark', 'high-contrast', 'high-contrast-light'] as const;
  for (const type of ['mnt', 'uts', 'ipc', 'pid', 'net', 'user', 'cgroup', 'time']) {
    const texts = folders.map((folder) => readFileSync(new URL(`media/icons/${folder}/${type}.svg`, root), 'utf8'));
    const colours = texts.map((text) => /stroke="(#[0-9a-f]{6})"/.exec(text)?.[1]);
    assert.deepEqual(colours, ['#3b3b3b', '#cccccc', '#ffffff', '#000000'], type);
    const shapes = new Set(texts.map((text, index) => text.replace(colours[index] ?? '', '')));
    assert.equal(shapes.size, 1, type);
  }
});

test('activation constructs, registers and returns', () => {
  const lines = readFileSync(new URL('extension/extension.ts', root), 'utf8').split('\n');
  assert.ok(lines.length <= 121, `${lines.length} lines`);
});
