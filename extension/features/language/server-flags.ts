/**
 * How V8 is to keep the server's memory. What is read of a large file stays until it has been judged: with the usual 16 MB for
 * what is new, V8 copies all of it several times meanwhile, which takes as long as the rest. Not touched, the room costs nothing.
 */
export const serverFlags: readonly string[] = ['--max-semi-space-size=64', '--min-semi-space-size=8'];
