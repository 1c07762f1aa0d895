#ifndef NSHELPER_BASE64_H
#define NSHELPER_BASE64_H

#include <stddef.h>

/*
 * base64url without padding (RFC 4648, section 5): letters, digits, `-` and `_` pass every login shell unchanged.
 * `to` has room for length / 4 * 3 + 3 bytes. Returns how many were written, -EBADMSG for anything else.
 */
long base64url_decode(const char *text, size_t length, char *to);

/* `to` has room for (length + 2) / 3 * 4 letters. Returns how many were written. */
size_t base64url_encode(const char *data, size_t length, char *to);

#endif
