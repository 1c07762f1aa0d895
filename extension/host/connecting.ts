/** What is needed only once a host is connected to, and therefore loaded only then. */
import { HostGraph } from '../model/graph.ts';
import type { Change } from '../model/types.ts';
import { Connection } from './connection.ts';
import { GraphFeed } from './graph-feed.ts';

export interface Connecting {
  readonly openConnection: typeof Connection.open;
  createFeed(onChange: (change: Change) => void): GraphFeed;
}

export const connecting: Connecting = {
  openConnection: (functions, options) => Connection.open(functions, options),
  createFeed: (onChange) => new GraphFeed(new HostGraph(), onChange),
};
