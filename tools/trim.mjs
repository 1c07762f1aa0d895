// @ts-check
/**
 * What of the packages we bundle never runs here, taken out of their sources: a third of what people would download. Each part is
 * found by how its first line begins and must be found, so that no new release of a package passes unnoticed.
 */
import { readFileSync } from 'node:fs';

/** @typedef {readonly [first: string, last: string]} Part how the first line begins, and the whole last line */

/** @type {(names: string) => Part[]} */
const functions = (names) => names.split(' ').map((name) => [`function ${name}(`, '}']);
/** @type {(names: string) => Part[]} */
const classes = (names) => names.split(' ').map((name) => [`class ${name} `, '}']);
/** @type {(names: string, indent?: string) => Part[]} */
const methods = (names, indent = '  ') => names.split(' ').map((name) => [`${indent}${name}(`, `${indent}}`]);

/** @type {(type: string, names: string) => Part[]} */
const prototypes = (type, names) => names.split(' ').map((name) => [`${type}.prototype.${name} = `, '};']);

/** @type {Readonly<Record<string, readonly Part[]>>} */
const parts = {
  'ssh2/lib/client.js': [
    ...methods('shell subsys forwardIn unforwardIn openssh_noMoreSessions openssh_forwardInStreamLocal'),
    ...methods('openssh_unforwardInStreamLocal sftp setNoDelay'),
    ...functions('reqShell reqSubsystem hostKeysProve'),
    // The server's further keys, which we do not keep: answered as any request that is not known.
    ["            case 'hostkeys-00@openssh.com':", '              break;'],
  ],
  'ssh2/lib/Channel.js': [...classes('ServerStderr'), ...methods('exit')],
  'ssh2/lib/agent.js': methods('failureReply getIdentitiesReply signReply', '    '),
  'ssh2/lib/protocol/Protocol.js': [
    ...methods('rekey requestSuccess channelSuccess tcpipForward cancelTcpipForward openssh_streamLocalForward'),
    ...methods('openssh_cancelStreamLocalForward openssh_noMoreSessions shell subsystem openssh_hostKeysProve'),
    // The server's side.
    ...methods('serviceAccept forwardedTcpip x11 openssh_authAgent openssh_forwardedStreamLocal exitStatus exitSignal'),
    ...methods('authFailure authSuccess authPKOK authPasswdChg authInfoReq'),
  ],
  'ssh2/lib/protocol/handlers.misc.js': [
    ["        case 'hostkeys-00@openssh.com': {", '        }'],
    // Messages to a server. Messages without a handler are passed over.
    ['  [MESSAGE.SERVICE_REQUEST]:', '  },'],
    ['  [MESSAGE.USERAUTH_REQUEST]:', '  },'],
    ["        case 'tcpip-forward':", '        }'],
    ["        case 'streamlocal-forward@openssh.com':", '        }'],
    ["        case 'pty-req': {", '        }'],
    ["        case 'window-change': {", '        }'],
    ["        case 'x11-req': {", '        }'],
    ["        case 'env': {", '        }'],
    ["        case 'shell':", '          break;'],
    ["        case 'exec':", '          break;'],
    ["        case 'subsystem':", '          break;'],
    ["        case 'signal':", '          break;'],
    ["        case 'xon-xoff':", '          break;'],
    ["        case 'auth-agent-req@openssh.com':", '          break;'],
  ],
  // Only what is negotiated runs, and extension/transport/algorithms.ts offers no compression.
  'ssh2/lib/protocol/zlib.js': classes('ZlibPacketReader ZlibPacketWriter'),
  'asn1/lib/ber/writer.js': prototypes('Writer', 'writeEnumeration writeBoolean writeString writeStringArray'),
  'asn1/lib/ber/reader.js': prototypes('Reader', 'readBoolean readEnumeration'),
  // A native addon that is not there.
  'ssh2/lib/protocol/crypto.js': [
    ...classes('ChaChaPolyCipherBinding AESGCMCipherBinding GenericCipherBinding'),
    ...classes('ChaChaPolyDecipherBinding AESGCMDecipherBinding GenericDecipherBinding'),
  ],
};

/** @type {Readonly<Record<string, (source: string) => string>>} */
const others = {
  'ssh2/lib/client.js': withoutDebugLines,
  'ssh2/lib/protocol/Protocol.js': withoutDebugLines,
  'ssh2/lib/protocol/handlers.misc.js': withoutDebugLines,
  'ssh2/lib/protocol/kex.js': withoutDebugLines,
  'ssh2/lib/protocol/zlib.js': (source) => replaced(source, /^ {2}Zlib\w+,\n/gm, ''),
  'ssh2/lib/protocol/crypto.js': (source) =>
    replaced(source, /\(\w+ && !forceNative\s+\? new \w+Binding\(config\)\s+: (new \w+Native\(config\))\)/g, '$1'),
  'ssh2/lib/protocol/crypto/poly1305.js': onlyWebAssembly,
  // Tables of four kilobytes, which would be eleven as numbers.
  'bcrypt-pbkdf/index.js': (source) =>
    replaced(source, /new Uint32Array\(\[\s*(0x[\da-f]{8}(?:,\s*0x[\da-f]{8})*)\s*\]\)/g, (_match, list) => {
      const numbers = Uint32Array.from(list.split(','), Number);
      return `new Uint32Array(Uint8Array.from(Buffer.from('${Buffer.from(numbers.buffer).toString('base64')}', 'base64')).buffer)`;
    }),
};

const sha512 = `
const { createHash } = require('node:crypto');
exports.lowlevel = {
  crypto_hash(out, bytes, length) {
    out.set(createHash('sha512').update(bytes.subarray(0, length)).digest());
    return 0;
  },
};`;

const assert = `
exports.ok = (value) => {
  if (!value) throw new Error('an invariant of asn1 does not hold');
};
exports.equal = (actual, expected) => exports.ok(actual === expected);`;

/** @type {import('esbuild').Plugin} */
export const trim = {
  name: 'trim',
  setup(build) {
    // ssh2's server side, its making of keys, and SFTP; the package has no entry without them.
    build.onResolve({ filter: /^\.\/(server|keygen|http-agents|protocol\/SFTP)\.js$/ }, ({ path, importer }) =>
      /[\\/]ssh2[\\/]lib[\\/]\w+\.js$/.test(importer) ? { path, namespace: 'unused' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    // Of all of tweetnacl, bcrypt-pbkdf (encrypted keys) takes SHA-512, which Node has.
    build.onResolve({ filter: /^tweetnacl$/ }, ({ path }) => ({ path, namespace: 'sha512' }));
    build.onLoad({ filter: /.*/, namespace: 'sha512' }, () => ({ contents: sha512 }));
    // Two checks of asn1's, for which Node's own would be loaded: some milliseconds of the first connect.
    build.onResolve({ filter: /^assert$/ }, ({ path, importer }) =>
      /[\\/]asn1[\\/]/.test(importer) ? { path, namespace: 'assert' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'assert' }, () => ({ contents: assert }));
    // For a Node older than any editor's.
    build.onResolve({ filter: /^safer-buffer$/ }, () => ({ path: 'node:buffer', external: true }));
    build.onLoad(
      { filter: /[\\/]node_modules[\\/](ssh2[\\/]lib|asn1[\\/]lib|bcrypt-pbkdf)[\\/].*\.js$/ },
      ({ path }) => {
        const name = path.replaceAll('\\', '/').replace(/^.*\/node_modules\//, '');
        const source = readFileSync(path, 'utf8');
        const shorter = (parts[name] ?? []).reduce((text, part) => without(text, part, name), source);
        return { contents: others[name]?.(shorter) ?? shorter };
      },
    );
  },
};

/**
 * @param {string} source
 * @param {Part} part
 * @param {string} name of the file
 */
function without(source, [first, last], name) {
  const lines = source.split('\n');
  const starts = lines.flatMap((line, index) => (line.startsWith(first) ? [index] : []));
  const [start = -1] = starts;
  const end = lines.indexOf(last, start);
  if (starts.length !== 1 || end < 0) throw new Error(`${name} has ${starts.length} parts that begin with ${first}`);
  return lines.toSpliced(start, end - start + 1).join('\n');
}

/**
 * @param {string} source
 * @param {RegExp} pattern
 * @param {string | ((match: string, group: string) => string)} replacement
 */
function replaced(source, pattern, replacement) {
  const result =
    typeof replacement === 'string' ? source.replace(pattern, replacement) : source.replace(pattern, replacement);
  if (result === source) throw new Error(`Nothing is like ${pattern.source}`);
  return result;
}

/**
 * Two of ssh2's lines are read (extension/transport/hop.ts); the others would be made for nothing, one for each packet.
 * @param {string} source
 */
function withoutDebugLines(source) {
  return replaced(source, /\b((?:self\._|this\._)?debug)\s*&&\s*\1\([^]*?\);\n/g, (statement) =>
    /Received USERAUTH_FAILURE|Handshake: \(remote\)/.test(statement) ? statement : ';\n',
  );
}

/**
 * The program without what Emscripten puts around it for browsers, workers and shells. The names are its own: `c` runs
 * constructors, `d` is poly1305_auth, `e` to `g` save, restore and grow its stack, `h` is malloc, and `a.a` asks for memory.
 * @param {string} source
 */
function onlyWebAssembly(source) {
  const program = /"data:application\/octet-stream;base64,([\w+/=]+)"/.exec(source)?.[1];
  const names = /b\._poly1305_auth=function\(\)\{return\(b\._poly1305_auth=b\.asm\.d\)/.test(source);
  if (program === undefined || !names) throw new Error('poly1305.js has another form');
  return `'use strict';
module.exports = async () => {
  const bytes = Buffer.from('${program}', 'base64');
  const { instance: { exports: { b: memory, c, d, e, f, g, h } } } = await WebAssembly.instantiate(bytes, { a: { a: () => 0 } });
  c();
  const HEAPU8 = new Uint8Array(memory.buffer);
  const stacked = (value) => {
    if (typeof value === 'number') return value;
    const at = g(value.length);
    HEAPU8.set(value, at);
    return at;
  };
  return {
    HEAPU8,
    _malloc: h,
    cwrap: () => (...values) => {
      const top = e();
      d(...values.map(stacked));
      f(top);
    },
  };
};`;
}
