/** `server.cjs --node-ipc` as VS Code starts it, or `--stdio`. */
import { Connection } from './connection.ts';
import { startServer } from './server.ts';
import { channelTransport, streamTransport } from './transport.ts';

const { argv, stdin, stdout } = process;
const transport = argv.includes('--node-ipc') ? channelTransport(process) : streamTransport(stdin, stdout);
startServer(new Connection(transport), (asked) => process.exit(asked ? 0 : 1));
