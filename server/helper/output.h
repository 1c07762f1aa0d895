#ifndef NSHELPER_OUTPUT_H
#define NSHELPER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define NO_ID (-1)

/*
 * Writer of records, one JSON object per line. It is written to `fd` in whole lines only, or kept in memory when fd
 * is -1. The first failure (no memory, no reader) is kept in `error` as -errno and everything after it is dropped,
 * so that callers check once.
 */
struct output {
    char *data;
    size_t length;
    size_t capacity;
    int fd;
    int error;
    /* Request that the records answer, NO_ID on the command line. */
    int64_t id;
    /* Last byte written, which decides whether a comma is due. */
    char last;
    /* The record is not the answer's end, so it is wrapped in "record" when there is an id. */
    bool wrapped;
};

void output_init(struct output *output, int fd, int64_t id);
void output_free(struct output *output);
/* Writes what is there; returns output->error. */
int output_flush(struct output *output);
/* Appends finished lines of another writer; several pieces of them at once without copying. */
void output_append(struct output *output, const char *data, size_t length);
void output_append_all(struct output *output, struct iovec *piece, size_t count);

/* Appends a record that is written already, without its newline, as an answer to this writer's request. */
void output_record(struct output *output, const char *record, size_t length);

/* A record `{"KIND":{…}}`; `end` and `error` close an answer, everything else is part of it. */
void record_begin(struct output *output, const char *kind);
/* Closes the record and flushes when enough has gathered. */
void record_end(struct output *output);

/* Members of the open object; `key` NULL for elements of an array. Keys are our own constants, never escaped. */
void json_object(struct output *output, const char *key);
void json_array(struct output *output, const char *key);
void json_close(struct output *output, char bracket);
void json_number(struct output *output, const char *key, uint64_t value);
void json_boolean(struct output *output, const char *key, bool value);
void json_text(struct output *output, const char *key, const char *text);
/* Any bytes: what is not valid UTF-8 becomes U+FFFD, control characters are escaped. */
void json_bytes(struct output *output, const char *key, const char *bytes, size_t length);

#endif
