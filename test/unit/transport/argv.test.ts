import assert from 'node:assert/strict';
import { it } from 'node:test';
import { commandLine, encodeArguments, netstring } from '../../../extension/transport/argv.ts';

it('a netstring counts bytes, not characters', () => {
  assert.equal(netstring('').toString(), '0:,');
  assert.equal(netstring('abc').toString(), '3:abc,');
  assert.equal(netstring('ä😀').toString(), '6:ä😀,');
});

it('arguments become one token of harmless characters', () => {
  const args = ['scan', '--deep', '', 'two words', `'"\\$(x)`, 'ä\n'];
  const line = encodeArguments(args);
  assert.match(line, /^--argv=[A-Za-z0-9_-]+$/);
  const decoded = Buffer.from(line.slice('--argv='.length), 'base64url').toString();
  assert.equal(decoded, `4:scan,6:--deep,0:,9:two words,${Buffer.byteLength(args[4] ?? '')}:${args[4]},3:ä\n,`);
});

it('a command line is a constant or a path and a token', () => {
  assert.equal(commandLine({ script: 'echo $HOME "x"' }), `sh -c 'echo $HOME "x"'`);
  assert.equal(commandLine({ program: '/a/b-1.2_c', args: [] }), '/a/b-1.2_c');
  assert.equal(commandLine({ program: 'x', args: ['a'] }), 'x --argv=MTphLA');
});
