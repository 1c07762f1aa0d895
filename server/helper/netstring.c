#include "netstring.h"

#include "util.h"

#include <string.h>

long netstring_read(const char *data, size_t length, const char **payload, size_t *payload_length)
{
    size_t at = 0, size = 0;

    while (at < length && data[at] >= '0' && data[at] <= '9') {
        if (at > 0 && size == 0)
            return -EBADMSG;
        size = size * 10 + (size_t)(data[at] - '0');
        if (size > NETSTRING_LIMIT)
            return -EMSGSIZE;
        at++;
    }
    if (at == length)
        return 0;
    if (at == 0 || data[at] != ':')
        return -EBADMSG;
    at++;
    if (length - at <= size)
        return 0;
    if (data[at + size] != ',')
        return -EBADMSG;
    *payload = data + at;
    *payload_length = size;
    return (long)(at + size + 1);
}

void words_free(struct words *words)
{
    free(words->word);
    free(words->text);
    *words = (struct words){ 0 };
}

int netstring_split(const char *data, size_t length, struct words *words)
{
    /* Each word takes at least the three bytes of `0:,`, and is terminated in the place of its comma. */
    *words = (struct words){ .word = calloc(length / 3 + 1, sizeof(char *)), .text = malloc(length + 1) };
    if (!words->word || !words->text) {
        words_free(words);
        return -ENOMEM;
    }
    if (length > 0)
        memcpy(words->text, data, length);
    for (size_t at = 0; at < length;) {
        const char *payload;
        size_t size;
        long taken = netstring_read(words->text + at, length - at, &payload, &size);
        int result = taken == 0 ? -EBADMSG : (int)taken;
        if (taken > 0 && memchr(payload, '\0', size))
            result = -EINVAL;
        if (result < 0) {
            words_free(words);
            return result;
        }
        at += (size_t)taken;
        words->text[at - 1] = '\0';
        words->word[words->count++] = words->text + at - 1 - size;
    }
    return 0;
}
