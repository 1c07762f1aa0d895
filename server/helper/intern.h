#ifndef NSHELPER_INTERN_H
#define NSHELPER_INTERN_H

#include <stddef.h>
#include <stdint.h>

/* Texts kept once each: the same mount path shows in every mount namespace that was copied. */
struct strings {
    char *text;
    size_t length;
    size_t capacity;
    uint32_t *slot;
    size_t slots;
    size_t count;
};

void strings_free(struct strings *strings);
/* Offset of the text, which is terminated; UINT32_MAX without memory. */
uint32_t strings_intern(struct strings *strings, const char *text, size_t length);
const char *strings_get(const struct strings *strings, uint32_t offset);

#endif
