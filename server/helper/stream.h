#ifndef NSHELPER_STREAM_H
#define NSHELPER_STREAM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes on their way to a descriptor that belongs to others too, such as our stdout: it is never set non-blocking,
 * which would change it for them, and yet writing never waits.
 */
struct stream {
    int fd;
    /* A descriptor of our own to the same pipe, that is non-blocking. */
    bool own;
    bool socket;
    char *data;
    size_t begin;
    size_t length;
    size_t capacity;
};

void stream_init(struct stream *stream, int fd);
void stream_free(struct stream *stream);
int stream_append(struct stream *stream, const char *data, size_t length);
/* How much waits. */
size_t stream_pending(const struct stream *stream);
/* Writes what can be written at once, after poll said POLLOUT. 0, or -errno when the reader is gone. */
int stream_write(struct stream *stream);

#endif
