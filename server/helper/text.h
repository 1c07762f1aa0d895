#ifndef NSHELPER_TEXT_H
#define NSHELPER_TEXT_H

#include <stddef.h>

/*
 * What printf(3) does as far as it is needed here: `%s`, `%.*s`, `%c`, `%d`, `%u`, `%lld` and a width. The C library's own
 * comes with floating point, messages and streams, which are 12 KB of a static binary.
 */

/* As snprintf(3): terminates, cuts off what does not fit, and returns how long the whole is. */
size_t text_format(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes it at once, at most 8,191 bytes. */
void text_print(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
