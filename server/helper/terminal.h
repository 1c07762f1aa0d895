#ifndef NSHELPER_TERMINAL_H
#define NSHELPER_TERMINAL_H

#include "output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A verb that runs with a pseudoterminal as its standard streams, within `serve`: `terminal COLUMNS ROWS VERB WORDS…`.
 * Its records may also be written to descriptor 3. What the terminal shows comes as records `{"data":{"bytes":"<base64url>"}}` between those of the verb. `serve` passes on what is
 * typed and the size, as messages over the socket that is the standard input of the process that calls terminal_run.
 *
 * `stream VERB WORDS…` is the same with a socket in place of the terminal: bytes as they are, half-closed by either side,
 * and what the verb says on its standard error as `stderr` records. It pauses after WINDOW bytes until they are `taken`.
 */
struct terminal_message {
    /* Bytes of `data` that are typed; 0 for a change of the size, or for the end of a stream when there is no size. */
    uint16_t length;
    /* To a stream: KiB of it that were taken. */
    uint16_t columns;
    uint16_t rows;
    char data[];
};

/* Bytes of one message. A longer paste comes in parts, each of which waits for room. */
#define TERMINAL_TYPED_MAX 16384

/*
 * Runs the verb that follows `terminal` or `stream` to its end, and returns the exit status. With a `connection`, which is
 * taken over, the bytes of a stream do not come here at all; else it is -1.
 */
int terminal_run(char *const *word, size_t count, int connection, struct output *output);

/* Socket ends: `serve` keeps the first. 0 or -errno. */
int terminal_socket(int ends[2]);
/*
 * The words after the id of `input ID TEXT` (base64url), `input ID` (no more will come, for a stream), `resize ID COLUMNS
 * ROWS` or `taken ID KIB`. 0, -EAGAIN when there is no room, or -errno.
 */
int terminal_type(int socket, char *const *word, size_t count);
int terminal_resize(int socket, char *const *word, size_t count);
int terminal_taken(int socket, char *const *word, size_t count);

/* COLUMNS or ROWS: 1 to 65535. */
bool terminal_parse_size(const char *text, uint16_t *size);

#endif
