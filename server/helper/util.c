#include "util.h"

#include "kernel.h"

#include <string.h>
#include <sys/resource.h>

int grow(void **data, size_t *capacity, size_t needed, size_t size)
{
    size_t wanted = *capacity ? *capacity : 16;

    if (needed <= *capacity)
        return 0;
    while (wanted < needed) {
        if (wanted > SIZE_MAX / 2 / size)
            return -ENOMEM;
        wanted *= 2;
    }
    void *larger = realloc(*data, wanted * size);
    if (!larger)
        return -ENOMEM;
    *data = larger;
    *capacity = wanted;
    return 0;
}

uint64_t hash_number(uint64_t number)
{
    number ^= number >> 33;
    number *= UINT64_C(0xff51afd7ed558ccd);
    number ^= number >> 33;
    number *= UINT64_C(0xc4ceb9fe1a85ec53);
    number ^= number >> 33;
    return number;
}

uint64_t hash_bytes(const void *data, size_t length)
{
    const unsigned char *bytes = data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ length;

    while (length >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
        bytes += 8;
        length -= 8;
    }
    for (; length > 0; length--)
        hash = (hash ^ *bytes++) * UINT64_C(0x100000001b3);
    return hash_number(hash);
}

bool parse_number(const char **cursor, const char *end, uint64_t *number)
{
    const char *at = *cursor;
    uint64_t value = 0;

    if (at == end || *at < '0' || *at > '9')
        return false;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *cursor = at;
    *number = value;
    return true;
}

struct lines lines_of(const char *text, ssize_t length)
{
    return (struct lines){ .at = text, .end = length > 0 ? text + length : text };
}

bool next_line(struct lines *lines, const char **line, const char **stop)
{
    if (lines->at == lines->end)
        return false;
    const char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    *line = lines->at;
    *stop = newline ? newline : lines->end;
    lines->at = newline ? newline + 1 : lines->end;
    return true;
}

size_t format_number(char *to, uint64_t number)
{
    char digits[20];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (size_t i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    return count;
}

void close_from(int first)
{
    struct rlimit limit;

    if (syscall(SYSCALL_CLOSE_RANGE, first, ~0u, 0) == 0)
        return;
    /* Before 5.9. One that was opened under a higher limit stays open. */
    int end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
    for (int fd = first; fd < end; fd++)
        close(fd);
}

bool is_first_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    return strncmp(words, word, length) == 0 && (words[length] == ' ' || !words[length]);
}

const char *find_bytes(const char *text, size_t length, const char *wanted, size_t size)
{
    for (const char *end = text + length; (size_t)(end - text) >= size; text++) {
        text = memchr(text, wanted[0], (size_t)(end - text) - size + 1);
        if (!text)
            break;
        if (memcmp(text, wanted, size) == 0)
            return text;
    }
    return NULL;
}

const char *find_text(const char *text, const char *wanted)
{
    return find_bytes(text, strlen(text), wanted, strlen(wanted));
}

/* Lets the number at `at` sink to where none below it is greater. */
static void sink(uint64_t *number, size_t at, size_t count)
{
    for (size_t below; (below = 2 * at + 1) < count; at = below) {
        if (below + 1 < count && number[below + 1] > number[below])
            below++;
        if (number[at] >= number[below])
            break;
        uint64_t greater = number[below];
        number[below] = number[at];
        number[at] = greater;
    }
}

/* Heapsort: no stack and no bad case. */
void sort_numbers(uint64_t *number, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sink(number, at, count);
    for (size_t rest = count; rest-- > 1;) {
        uint64_t greatest = number[0];
        number[0] = number[rest];
        number[rest] = greatest;
        sink(number, 0, rest);
    }
}

bool has_number(const uint64_t *sorted, size_t count, uint64_t number)
{
    size_t low = 0;

    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (sorted[middle] == number)
            return true;
        if (sorted[middle] < number)
            low = middle + 1;
        else
            count = middle;
    }
    return false;
}
