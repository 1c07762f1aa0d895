#ifndef NSHELPER_REQUEST_H
#define NSHELPER_REQUEST_H

#include "netstring.h"

#include <stdbool.h>
#include <stdint.h>

/* Ids are numbers that JSON carries exactly. */
#define REQUEST_ID_MAX ((UINT64_C(1) << 53) - 1)

/* One request of `serve`: a netstring whose payload is the netstrings id, verb, arguments. */
struct request {
    /* -1 when there is none that could be read. */
    int64_t id;
    /* From the verb on; those of `words`. */
    char **word;
    size_t count;
    struct words words;
    /* 0, or -errno when the frame was whole but what is in it is no request; the next one can still be read. */
    int error;
    const char *detail;
};

/*
 * Reads the first request in `data`. Returns how many bytes it takes, 0 when more are needed, or -EBADMSG or
 * -EMSGSIZE when the frame itself is broken, after which nothing can be read any more. Sets `request` only when the
 * result is positive; it is then to be freed.
 */
long request_read(const char *data, size_t length, struct request *request);
void request_free(struct request *request);

/* An id as a request writes it: decimal digits, no more than REQUEST_ID_MAX. */
bool request_id(const char *text, int64_t *id);

/* Whether the last of several whole lines, as `serve` writes them, closes the answer to the request of that id. */
bool request_is_answer(const char *lines, size_t length, int64_t id);

#endif
