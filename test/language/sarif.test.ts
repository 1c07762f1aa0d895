/** What nslint writes of every fixture, held to what the published schema of SARIF 2.1.0 says of the objects that it uses. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { isRecord } from '../../extension/is-record.ts';
import { nslint } from '../../server/language/lint/run.ts';

/** Properties that an object must have, those that it may have (the schema allows no others), and what its values are. */
interface Shape {
  readonly required: readonly string[];
  readonly optional?: readonly string[];
}

const shapes: Readonly<Record<string, Shape>> = {
  log: { required: ['version', 'runs'], optional: ['$schema'] },
  run: { required: ['tool'], optional: ['columnKind', 'invocations', 'results'] },
  tool: { required: ['driver'] },
  toolComponent: { required: ['name'], optional: ['fullName', 'semanticVersion', 'rules'] },
  reportingDescriptor: { required: ['id'], optional: ['shortDescription', 'helpUri', 'defaultConfiguration'] },
  reportingConfiguration: { required: [], optional: ['level'] },
  invocation: { required: ['executionSuccessful'], optional: ['toolExecutionNotifications'] },
  notification: { required: ['message'], optional: ['level', 'locations'] },
  result: {
    required: ['message'],
    optional: ['ruleId', 'ruleIndex', 'level', 'locations', 'relatedLocations', 'fixes'],
  },
  message: { required: ['text'] },
  location: { required: ['physicalLocation'], optional: ['id', 'message'] },
  physicalLocation: { required: ['artifactLocation'], optional: ['region'] },
  artifactLocation: { required: ['uri'] },
  region: { required: ['startLine', 'startColumn', 'endLine', 'endColumn'] },
  fix: { required: ['artifactChanges'], optional: ['description'] },
  artifactChange: { required: ['artifactLocation', 'replacements'] },
  replacement: { required: ['deletedRegion'], optional: ['insertedContent'] },
  artifactContent: { required: ['text'] },
};

/** Which object a property holds, or a list of. */
const kinds: Readonly<Record<string, string>> = {
  runs: 'run',
  tool: 'tool',
  driver: 'toolComponent',
  rules: 'reportingDescriptor',
  shortDescription: 'message',
  defaultConfiguration: 'reportingConfiguration',
  invocations: 'invocation',
  toolExecutionNotifications: 'notification',
  results: 'result',
  message: 'message',
  description: 'message',
  locations: 'location',
  relatedLocations: 'location',
  physicalLocation: 'physicalLocation',
  artifactLocation: 'artifactLocation',
  region: 'region',
  deletedRegion: 'region',
  fixes: 'fix',
  artifactChanges: 'artifactChange',
  replacements: 'replacement',
  insertedContent: 'artifactContent',
};
/** `minItems` is 1 in the schema. */
const neverEmpty: ReadonlySet<string> = new Set(['runs', 'artifactChanges', 'replacements']);

const scalars: Readonly<Record<string, (value: unknown) => boolean>> = {
  version: (value) => value === '2.1.0',
  columnKind: (value) => value === 'utf16CodeUnits',
  level: (value) => value === 'none' || value === 'note' || value === 'warning' || value === 'error',
  executionSuccessful: (value) => typeof value === 'boolean',
  ruleIndex: (value) => Number.isInteger(value) && Number(value) >= 0,
  id: (value) => typeof value === 'string' || Number.isInteger(value),
  uri: (value) =>
    typeof value === 'string' && value !== '' && URL.canParse(value, 'file:///work/') && !/[ \\]/.test(value),
  helpUri: (value) => typeof value === 'string' && URL.canParse(value),
  ...Object.fromEntries(
    ['startLine', 'startColumn', 'endLine', 'endColumn'].map((name) => [
      name,
      (value: unknown) => Number.isInteger(value) && Number(value) >= 1,
    ]),
  ),
};
const isText = (value: unknown): boolean => typeof value === 'string';

/** Counts the objects of each kind, each of which is as it should be. */
function check(value: unknown, kind: string, at: string, seen: Map<string, number>): void {
  assert.ok(isRecord(value), at);
  seen.set(kind, (seen.get(kind) ?? 0) + 1);
  const shape = shapes[kind];
  assert.ok(shape, kind);
  for (const name of shape.required) assert.ok(Object.hasOwn(value, name), `${at} has no ${name}`);
  for (const [name, inner] of Object.entries(value)) {
    const place = `${at}.${name}`;
    assert.ok([...shape.required, ...(shape.optional ?? [])].includes(name), place);
    const of = kinds[name];
    if (of === undefined) {
      assert.ok((scalars[name] ?? isText)(inner), `${place}: ${JSON.stringify(inner)}`);
      continue;
    }
    if (Array.isArray(inner)) {
      assert.ok(inner.length > 0 || !neverEmpty.has(name), place);
      for (const [index, item] of inner.entries()) check(item, of, `${place}[${index}]`, seen);
    } else check(inner, of, place, seen);
  }
  if (kind === 'region') {
    const [line, column, endLine, endColumn] = ['startLine', 'startColumn', 'endLine', 'endColumn'].map((name) =>
      Number(value[name]),
    );
    assert.ok(Number(endLine) > Number(line) || Number(endColumn) >= Number(column), at);
  }
}

test('every object of a log over all fixtures is one of the schema', () => {
  let out = '';
  nslint(
    ['--format=sarif', join(import.meta.dirname, 'fixtures'), join(import.meta.dirname, 'a missing file.sh')],
    '1.2.3',
    {
      out: (text) => {
        out += text;
      },
      err: () => {},
      coloured: false,
    },
  );
  const log: unknown = JSON.parse(out);
  const seen = new Map<string, number>();
  check(log, 'log', 'log', seen);
  assert.deepEqual(
    Object.keys(shapes).filter((kind) => !seen.has(kind)),
    [],
    'some kinds were never looked at',
  );
  assert.ok(Number(seen.get('result')) > 50);
});

test('a result names its rule by id and place, and its related places apart', () => {
  let out = '';
  nslint(['--format=sarif', join(import.meta.dirname, 'fixtures')], '1.2.3', {
    out: (text) => {
      out += text;
    },
    err: () => {},
    coloured: false,
  });
  // What is not there as the test above has it makes this one fail.
  // oxlint-disable-next-line typescript/no-unsafe-assignment
  const log: {
    runs: [
      {
        tool: { driver: { rules: { id: string }[] } };
        results: { ruleId: string; ruleIndex: number; relatedLocations?: { id: number }[] }[];
      },
    ];
  } = JSON.parse(out);
  const [{ tool, results }] = log.runs;
  const ids = tool.driver.rules.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { ruleId, ruleIndex, relatedLocations = [] } of results) {
    assert.equal(ids[ruleIndex], ruleId);
    assert.equal(new Set(relatedLocations.map(({ id }) => id)).size, relatedLocations.length);
  }
});
