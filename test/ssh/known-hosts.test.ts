/** known_hosts, with files that OpenSSH's own tools wrote. */
import assert from 'node:assert/strict';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  addKnownHost,
  checkHostKey,
  fingerprint,
  knownKeyTypes,
  lookupNames,
  parseKnownHosts,
  readKnownHosts,
  type HostKeyStatus,
} from '../../extension/transport/known-hosts.ts';
import { temporaryFolder, type Folder } from './support/folder.ts';
import { generateKey, type Key } from './support/keys.ts';
import { run } from './support/processes.ts';

function bytes(key: Key): Buffer {
  return Buffer.from(key.line.split(' ')[1] ?? '', 'base64');
}

function check(text: string, host: string, port: number, key: Key, alias?: string): HostKeyStatus {
  return checkHostKey(parseKnownHosts(text, 'file'), lookupNames(host, port, alias), bytes(key));
}

describe('known_hosts', () => {
  let folder: Folder;
  let ed: Key;
  let rsa: Key;
  let other: Key;

  before(async () => {
    folder = await temporaryFolder();
    [ed, rsa, other] = await Promise.all([
      generateKey(join(folder.path, 'ed'), 'ed25519'),
      generateKey(join(folder.path, 'rsa'), 'rsa'),
      generateKey(join(folder.path, 'other'), 'ed25519'),
    ]);
  });
  after(() => folder[Symbol.asyncDispose]());

  it('gives the fingerprint that ssh-keygen prints', () => {
    for (const key of [ed, rsa, other]) assert.equal(fingerprint(bytes(key)), key.fingerprint);
  });

  it('knows a plain name, in any case, among others, after comments and blank lines', () => {
    const text = `# comment\n\n  \nx.example,Build7,10.0.0.7 ${ed.line} some comment here\n`;
    assert.deepEqual(check(text, 'build7', 22, ed), { kind: 'known' });
    assert.deepEqual(check(text, 'BUILD7', 22, ed), { kind: 'known' });
    assert.deepEqual(check(text, '10.0.0.7', 22, ed), { kind: 'known' });
    assert.equal(check(text, 'build77', 22, ed).kind, 'unknown');
  });

  it('tells a changed key from an unknown one, with file and line of what is on record', () => {
    const text = `a ${ed.line}\nb ${rsa.line}\na ${rsa.line}\n`;
    const status = check(text, 'a', 22, other);
    assert.equal(status.kind, 'changed');
    assert.deepEqual(
      status.kind === 'changed' && status.expected.map(({ file, line, keyType }) => ({ file, line, keyType })),
      [
        { file: 'file', line: 1, keyType: 'ssh-ed25519' },
        { file: 'file', line: 3, keyType: 'ssh-rsa' },
      ],
    );
    // A key of another type than the one on record is no proof of the host either.
    assert.equal(check(`b ${rsa.line}\n`, 'b', 22, ed).kind, 'changed');
    assert.equal(check(text, 'c', 22, ed).kind, 'unknown');
  });

  it('reads wildcards and negation', () => {
    const text = `*.example,!bad.example,10.0.?.1 ${ed.line}\n`;
    assert.equal(check(text, 'good.example', 22, ed).kind, 'known');
    assert.equal(check(text, 'bad.example', 22, ed).kind, 'unknown');
    assert.equal(check(text, '10.0.5.1', 22, ed).kind, 'known');
    assert.equal(check(text, '10.0.55.1', 22, ed).kind, 'unknown');
  });

  it('tells ports apart', () => {
    const text = `[a]:2222 ${ed.line}\na ${rsa.line}\n`;
    assert.equal(check(text, 'a', 2222, ed).kind, 'known');
    assert.equal(check(text, 'a', 2222, other).kind, 'changed');
    assert.equal(check(text, 'a', 22, ed).kind, 'changed');
    assert.equal(check(text, 'a', 2223, ed).kind, 'unknown');
    assert.equal(check(text, 'a', 2223, rsa).kind, 'known', 'the same key under the plain name counts');
    assert.equal(check(`[::1]:2222 ${ed.line}\n`, '::1', 2222, ed).kind, 'known');
    assert.equal(check(`::1 ${ed.line}\n`, '::1', 22, ed).kind, 'known');
  });

  it('looks a HostKeyAlias up in place of host and port', () => {
    const text = `alias ${ed.line}\n[a]:2222 ${rsa.line}\n`;
    assert.equal(check(text, 'a', 2222, ed, 'alias').kind, 'known');
    assert.equal(check(text, 'a', 2222, rsa, 'alias').kind, 'changed');
  });

  it('reads what ssh-keygen hashed', async () => {
    const file = join(folder.path, 'hashed');
    await writeFile(file, `a.example ${ed.line}\n[b.example]:2222 ${rsa.line}\n`);
    await run('ssh-keygen', ['-q', '-H', '-f', file]);
    const text = await readFile(file, 'utf8');
    assert.match(text, /^\|1\|/);
    assert.equal(check(text, 'A.example', 22, ed).kind, 'known');
    assert.equal(check(text, 'a.example', 22, other).kind, 'changed');
    assert.equal(check(text, 'b.example', 2222, rsa).kind, 'known');
    assert.equal(check(text, 'b.example', 22, rsa).kind, 'unknown');
  });

  it('refuses a revoked key whatever else is on record', () => {
    const text = `a ${ed.line}\n@revoked * ${ed.line}\n`;
    const status = check(text, 'a', 22, ed);
    assert.equal(status.kind === 'revoked' && status.entry.line, 2);
    assert.equal(check(text, 'elsewhere', 2222, ed).kind, 'revoked');
    assert.equal(check(text, 'a', 22, other).kind, 'changed');
    assert.equal(check(`@revoked b ${ed.line}\na ${ed.line}\n`, 'a', 22, ed).kind, 'known', 'revoked for b only');
    assert.equal(check(`@revoked a ${ed.line}\n`, 'a', 2222, ed).kind, 'revoked', 'the plain name is enough');
  });

  it('takes an authority for no key, and says that there is one', () => {
    const text = `@cert-authority *.example ${ed.line}\n`;
    const status = check(text, 'a.example', 22, ed);
    assert.equal(status.kind === 'unknown' && status.authority?.line, 1);
  });

  it('passes over what it cannot read', () => {
    const broken = `a\na ssh-ed25519\na ssh-ed25519 !!!!\na ssh-rsa ${ed.line.split(' ')[1]}\n@what a ${ed.line}\na 1024 35 1234\n|1|x a b\n`;
    assert.deepEqual(parseKnownHosts(broken, 'file'), []);
    assert.equal(check(`${broken}a ${ed.line}\n`, 'a', 22, ed).kind, 'known');
    assert.equal(check(`|1|bad ${ed.line}\n`, 'a', 22, ed).kind, 'unknown');
  });

  it('reads several files, of which some are missing, and fails on one that cannot be read', async () => {
    const one = join(folder.path, 'one');
    const two = join(folder.path, 'two');
    await writeFile(one, `a ${ed.line}\n`);
    await writeFile(two, `a ${rsa.line}\n`);
    const entries = await readKnownHosts([one, join(folder.path, 'missing'), two, join(one, 'below')]);
    assert.deepEqual(
      entries.map(({ file, line }) => ({ file, line })),
      [
        { file: one, line: 1 },
        { file: two, line: 1 },
      ],
    );
    assert.deepEqual(knownKeyTypes(entries, lookupNames('a', 22, undefined)), ['ssh-ed25519', 'ssh-rsa']);
    assert.deepEqual(knownKeyTypes(entries, lookupNames('b', 22, undefined)), []);
    await assert.rejects(readKnownHosts([folder.path]));
  });

  it('adds a line that ssh-keygen finds, in a new folder and to a file without a last line end', async () => {
    const file = join(folder.path, 'new', '.ssh', 'known_hosts');
    const mask = process.umask(0);
    try {
      await addKnownHost(file, '[A.example]:2222', bytes(ed), false);
    } finally {
      process.umask(mask);
    }
    assert.equal((await stat(join(folder.path, 'new', '.ssh'))).mode & 0o777, 0o700);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal(await readFile(file, 'utf8'), `[a.example]:2222 ${ed.line}\n`);
    await writeFile(file, `x ${rsa.line}`);
    await chmod(file, 0o640);
    await addKnownHost(file, 'b.example', bytes(ed), true);
    assert.equal((await stat(file)).mode & 0o777, 0o640, 'an existing file keeps its mode');
    const text = await readFile(file, 'utf8');
    assert.ok(text.startsWith(`x ${rsa.line}\n|1|`), text);
    const found = await run('ssh-keygen', ['-F', 'b.example', '-f', file]);
    assert.match(found.stdout, /line 2/);
    assert.equal(check(text, 'b.example', 22, ed).kind, 'known');
  });

  it('keeps every line when several are added at once', async () => {
    const file = join(folder.path, 'many');
    const names = Array.from({ length: 20 }, (_, index) => `host${index}`);
    await Promise.all(names.map((name) => addKnownHost(file, name, bytes(ed), false)));
    const entries = await readKnownHosts([file]);
    assert.deepEqual(entries.map(({ hosts }) => hosts).toSorted(), names.toSorted());
  });
});
