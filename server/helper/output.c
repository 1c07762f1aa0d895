#include "output.h"

#include "util.h"

#include <errno.h>
#include <string.h>

/* As much as a pipe holds by default. */
#define FLUSH_AT 65536

void output_init(struct output *output, int fd, int64_t id)
{
    *output = (struct output){ .fd = fd, .id = id, .last = '\n' };
}

void output_free(struct output *output)
{
    free(output->data);
    output->data = NULL;
    output->length = output->capacity = 0;
}

/* Room for `length` more bytes, or NULL after a failure. */
static char *room(struct output *output, size_t length)
{
    if (output->error)
        return NULL;
    if (output->capacity - output->length < length) {
        int result = reserve(output->data, output->capacity, output->length + length);
        if (result) {
            output->error = result;
            return NULL;
        }
    }
    return output->data + output->length;
}

static void put(struct output *output, const char *bytes, size_t length)
{
    char *to = room(output, length);

    if (!to || length == 0)
        return;
    memcpy(to, bytes, length);
    output->length += length;
    output->last = bytes[length - 1];
}

static void put_text(struct output *output, const char *text)
{
    put(output, text, strlen(text));
}

static void write_all(struct output *output, const char *data, size_t length)
{
    while (length > 0 && !output->error) {
        ssize_t written = write(output->fd, data, length);
        if (written >= 0) {
            data += written;
            length -= (size_t)written;
        } else if (errno != EINTR) {
            output->error = -errno;
        }
    }
}

int output_flush(struct output *output)
{
    if (output->fd >= 0) {
        write_all(output, output->data, output->length);
        output->length = 0;
    }
    return output->error;
}

void output_append(struct output *output, const char *data, size_t length)
{
    if (output->fd < 0 || output->length + length < FLUSH_AT) {
        put(output, data, length);
        return;
    }
    /* What would fill the buffer at once need not be copied into it. */
    output_flush(output);
    if (length < FLUSH_AT)
        put(output, data, length);
    else
        write_all(output, data, length);
}

void output_append_all(struct output *output, struct iovec *piece, size_t count)
{
    output_flush(output);
    while (count > 0 && !output->error) {
        /* As many as every kernel takes at once. */
        ssize_t written = writev(output->fd, piece, count < 1024 ? (int)count : 1024);
        if (written < 0 && errno != EINTR)
            output->error = -errno;
        for (; written > 0 && (size_t)written >= piece->iov_len; piece++, count--)
            written -= (ssize_t)piece->iov_len;
        if (written > 0) {
            piece->iov_base = (char *)piece->iov_base + written;
            piece->iov_len -= (size_t)written;
        }
        for (; count > 0 && piece->iov_len == 0; piece++)
            count--;
    }
}

void output_record(struct output *output, const char *record, size_t length)
{
    bool closing = strncmp(record, "{\"end\":", 7) == 0 || strncmp(record, "{\"error\":", 9) == 0;

    if (output->id != NO_ID) {
        put(output, "{", 1);
        json_number(output, "id", (uint64_t)output->id);
        put_text(output, closing ? "," : ",\"record\":");
        put(output, record + (closing ? 1 : 0), length - (closing ? 1 : 0));
        put_text(output, closing ? "\n" : "}\n");
    } else {
        put(output, record, length);
        put_text(output, "\n");
    }
    if (output->length >= FLUSH_AT && output->fd >= 0)
        output_flush(output);
}

static void key_of(struct output *output, const char *key)
{
    if (output->last != '{' && output->last != '[' && output->last != ':')
        put(output, ",", 1);
    if (key) {
        size_t length = strlen(key);
        char *to = room(output, length + 3);
        if (!to)
            return;
        to[0] = '"';
        memcpy(to + 1, key, length);
        to[length + 1] = '"';
        to[length + 2] = ':';
        output->length += length + 3;
        output->last = ':';
    }
}

void record_begin(struct output *output, const char *kind)
{
    output->wrapped = output->id != NO_ID && strcmp(kind, "end") != 0 && strcmp(kind, "error") != 0;
    put(output, "{", 1);
    if (output->id != NO_ID)
        json_number(output, "id", (uint64_t)output->id);
    if (output->wrapped)
        json_object(output, "record");
    json_object(output, kind);
}

void record_end(struct output *output)
{
    put_text(output, output->wrapped ? "}}}\n" : "}}\n");
    if (output->length >= FLUSH_AT && output->fd >= 0)
        output_flush(output);
}

void json_object(struct output *output, const char *key)
{
    key_of(output, key);
    put(output, "{", 1);
}

void json_array(struct output *output, const char *key)
{
    key_of(output, key);
    put(output, "[", 1);
}

void json_close(struct output *output, char bracket)
{
    put(output, &bracket, 1);
}

void json_number(struct output *output, const char *key, uint64_t value)
{
    key_of(output, key);
    char *to = room(output, 20);
    if (!to)
        return;
    output->length += format_number(to, value);
    output->last = '0';
}

void json_boolean(struct output *output, const char *key, bool value)
{
    key_of(output, key);
    put_text(output, value ? "true" : "false");
}

void json_text(struct output *output, const char *key, const char *text)
{
    json_bytes(output, key, text, strlen(text));
}

/*
 * Length of the UTF-8 sequence at `bytes`, 0 where it is invalid; `*skip` is then how many bytes one U+FFFD stands
 * for: the maximal prefix of a valid sequence, as the Encoding Standard and so every JavaScript decoder counts it.
 */
static size_t sequence(const unsigned char *bytes, size_t length, size_t *skip)
{
    unsigned char lead = bytes[0], low = 0x80, high = 0xbf;
    size_t needed;

    *skip = 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        needed = 2;
    else if (lead >= 0xe0 && lead <= 0xef)
        needed = 3;
    else if (lead >= 0xf0 && lead <= 0xf4)
        needed = 4;
    else
        return 0;
    /* Overlong forms, surrogates and what is past U+10FFFF show in the second byte. */
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < needed; i++) {
        if (i >= length || bytes[i] < low || bytes[i] > high)
            return 0;
        low = 0x80;
        high = 0xbf;
        *skip = i + 1;
    }
    return needed;
}

void json_bytes(struct output *output, const char *key, const char *bytes, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *from = (const unsigned char *)bytes;

    key_of(output, key);
    /* The longest form of a byte is \u00XX; a sequence of several is never longer than that per byte. */
    char *to = room(output, length * 6 + 2);
    if (!to)
        return;
    *to++ = '"';
    for (size_t i = 0; i < length;) {
        unsigned char byte = from[i];
        if (byte >= 0x20 && byte < 0x7f) {
            if (byte == '"' || byte == '\\')
                *to++ = '\\';
            *to++ = (char)byte;
            i++;
            continue;
        }
        size_t skip = 1, valid = byte < 0x80 ? 1 : sequence(from + i, length - i, &skip);
        bool control = byte < 0x80 || (valid == 2 && byte == 0xc2 && from[i + 1] < 0xa0);
        if (valid == 0) {
            memcpy(to, "\xef\xbf\xbd", 3);
            to += 3;
            i += skip;
        } else if (control) {
            unsigned char code = byte < 0x80 ? byte : from[i + 1];
            memcpy(to, "\\u00", 4);
            to[4] = hex[code >> 4];
            to[5] = hex[code & 15];
            to += 6;
            i += valid;
        } else {
            memcpy(to, from + i, valid);
            to += valid;
            i += valid;
        }
    }
    *to++ = '"';
    output->length = (size_t)(to - output->data);
    output->last = '"';
}
