/** What is needed only once a host is connected to, and therefore loaded only then. */
export { Connection } from './connection.ts';
export { GraphFeed } from './graph-feed.ts';
