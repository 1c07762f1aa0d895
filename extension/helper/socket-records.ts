/** Records of `sockets`, `relay`, `listen` and `door`. See `records.ts`. */
import { fail, fields, maximumPid, optionalText, text, truth, whole, type Draft, type Fields } from './checks.ts';
import { socketKinds, type HelperRecord, type OwnerRecord, type SocketKind, type SocketRecord } from './protocol.ts';

const maximumPort = 65_535;
const maximumInteger = 0xffffffff;

/** Undefined for a record of another verb, and for a kind of socket that this version does not know. Throws `RecordError`. */
export function socketRecords(record: Fields): HelperRecord | undefined {
  if (record['socket'] !== undefined) {
    const socket = socketRecord(fields(record['socket'], 'socket'));
    return socket && { socket };
  }
  if (record['owner'] !== undefined) return { owner: ownerRecord(fields(record['owner'], 'owner')) };
  if (record['unlisted'] !== undefined) {
    const from = fields(record['unlisted'], 'unlisted');
    const kind = kindOf(from);
    return kind && { unlisted: { kind, errno: text(from, 'errno') } };
  }
  if (record['door'] !== undefined) {
    const from = fields(record['door'], 'door');
    return { door: { path: text(from, 'path'), token: text(from, 'token') } };
  }
  if (record['listening'] !== undefined) {
    return { listening: { name: text(fields(record['listening'], 'listening'), 'name') } };
  }
  if (record['accepted'] !== undefined) return { accepted: {} };
  if (record['eof'] !== undefined) return { eof: {} };
  return record['connected'] === undefined ? undefined : { connected: {} };
}

function kindOf(from: Fields): SocketKind | undefined {
  return socketKinds.find((kind) => kind === from['kind']);
}

function socketRecord(from: Fields): SocketRecord | undefined {
  const kind = kindOf(from);
  if (kind === undefined) return undefined;
  const inode = whole(from, 'inode');
  if (kind === 'unix') return unixRecord(from, inode);
  if (kind === 'vsock') {
    const [cid, port, type] = [
      whole(from, 'cid', maximumInteger),
      whole(from, 'port', maximumInteger),
      whole(from, 'type'),
    ];
    return { kind, inode, cid, port, type };
  }
  const address = text(from, 'address');
  if (!(kind.endsWith('6') ? /^[\da-f]{32}$/ : /^[\da-f]{8}$/).test(address)) fail('address is not one of its kind');
  const device = optionalText(from, 'device');
  return {
    kind,
    inode,
    address,
    port: whole(from, 'port', maximumPort),
    ...(from['v6only'] === undefined ? {} : { v6only: truth(from, 'v6only') }),
    ...(device === undefined ? {} : { device }),
  };
}

function unixRecord(from: Fields, inode: number): SocketRecord {
  const record: Draft<Extract<SocketRecord, { kind: 'unix' }>> = { kind: 'unix', inode, type: whole(from, 'type') };
  const path = optionalText(from, 'path');
  const abstract = optionalText(from, 'abstract');
  if (path !== undefined) record.path = path;
  if (abstract !== undefined) record.abstract = abstract;
  return record;
}

function ownerRecord(from: Fields): OwnerRecord {
  return {
    inode: whole(from, 'inode'),
    pid: whole(from, 'pid', maximumPid),
    start: whole(from, 'start'),
    comm: text(from, 'comm'),
  };
}
