#include "intern.h"

#include "util.h"

#include <string.h>

void strings_free(struct strings *strings)
{
    free(strings->text);
    free(strings->slot);
    *strings = (struct strings){ 0 };
}

const char *strings_get(const struct strings *strings, uint32_t offset)
{
    return strings->text + offset;
}

/* The slot that has the text, or the free one where it belongs. Slots hold offset + 1. */
static uint32_t *locate(const struct strings *strings, const char *text, size_t length)
{
    size_t at = hash_bytes(text, length) & (strings->slots - 1);

    while (strings->slot[at]) {
        const char *known = strings->text + strings->slot[at] - 1;
        if (strncmp(known, text, length) == 0 && known[length] == '\0')
            break;
        at = (at + 1) & (strings->slots - 1);
    }
    return &strings->slot[at];
}

static int rehash(struct strings *strings)
{
    size_t slots = strings->slots ? strings->slots * 2 : 64;
    uint32_t *slot = calloc(slots, sizeof *slot);

    if (!slot)
        return -ENOMEM;
    free(strings->slot);
    strings->slot = slot;
    strings->slots = slots;
    for (size_t offset = 0; offset < strings->length;) {
        size_t length = strlen(strings->text + offset);
        *locate(strings, strings->text + offset, length) = (uint32_t)offset + 1;
        offset += length + 1;
    }
    return 0;
}

uint32_t strings_intern(struct strings *strings, const char *text, size_t length)
{
    if (strings->count * 2 >= strings->slots && rehash(strings))
        return UINT32_MAX;
    uint32_t *slot = locate(strings, text, length);
    if (*slot)
        return *slot - 1;
    if (strings->length + length + 1 >= UINT32_MAX ||
        reserve(strings->text, strings->capacity, strings->length + length + 1))
        return UINT32_MAX;
    uint32_t offset = (uint32_t)strings->length;
    memcpy(strings->text + offset, text, length);
    strings->text[offset + length] = '\0';
    strings->length += length + 1;
    strings->count++;
    *slot = offset + 1;
    return offset;
}
