#ifndef NSHELPER_NETSTRING_H
#define NSHELPER_NETSTRING_H

#include <stddef.h>

/* A request carries names, paths and arguments; more than this is a mistake or an attack. */
#define NETSTRING_LIMIT 65536

/*
 * Reads one netstring, `5:hello,`, from the start of `data`. Returns how many bytes it takes and sets the payload;
 * 0 when more input is needed; -EBADMSG when it is no netstring, -EMSGSIZE when it is longer than NETSTRING_LIMIT.
 * Leading zeros are refused, so that one list has one spelling.
 */
long netstring_read(const char *data, size_t length, const char **payload, size_t *payload_length);

/*
 * Splits a list of netstrings into words: pointers into a copy that is freed with netstring_free. Words with NUL
 * bytes are refused (-EINVAL), because every consumer takes C strings. An incomplete list is -EBADMSG.
 */
struct words {
    char **word;
    size_t count;
    char *text;
};
int netstring_split(const char *data, size_t length, struct words *words);
void words_free(struct words *words);

#endif
