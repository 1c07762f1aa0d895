#include "base64.h"

#include <errno.h>
#include <stdint.h>

static int value_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    if (letter == '-')
        return 62;
    return letter == '_' ? 63 : -1;
}

long base64url_decode(const char *text, size_t length, char *to)
{
    uint32_t bits = 0;
    unsigned held = 0;
    long written = 0;

    for (size_t i = 0; i < length; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return -EBADMSG;
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            to[written++] = (char)(bits >> held & 0xff);
        }
    }
    /* One letter alone carries no byte; left-over bits that are set would give one text two spellings. */
    if (length % 4 == 1 || (bits & ((1u << held) - 1)) != 0)
        return -EBADMSG;
    return written;
}

size_t base64url_encode(const char *data, size_t length, char *to)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned held = 0;
    size_t written = 0;

    for (size_t i = 0; i < length; i++) {
        bits = (bits << 8 | (unsigned char)data[i]) & 0xffff;
        for (held += 8; held >= 6; held -= 6)
            to[written++] = letters[bits >> (held - 6) & 63];
    }
    if (held > 0)
        to[written++] = letters[bits << (6 - held) & 63];
    return written;
}
