#ifndef NSHELPER_UTIL_H
#define NSHELPER_UTIL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Functions return 0 (or a count) or -errno, unless they say otherwise. errno itself is read only right after the
 * system call that set it, because the cleanup handlers below may overwrite it.
 */

static inline void cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

#define autoclose __attribute__((cleanup(cleanup_close)))
#define autofree __attribute__((cleanup(cleanup_free)))

#define array_length(array) (sizeof(array) / sizeof((array)[0]))

/* A process or a file that went away between two looks is what a scan expects, never an error of the scan. */
static inline bool is_vanished(int result)
{
    return result == -ENOENT || result == -ESRCH;
}

/* Out of descriptors or memory says nothing about what was looked at: what is missed by that must not look absent. */
static inline bool is_exhausted(int result)
{
    return result == -EMFILE || result == -ENFILE || result == -ENOMEM;
}

/* Makes room for `needed` elements of `size` bytes; doubles, so that appending is linear. */
int grow(void **data, size_t *capacity, size_t needed, size_t size);

/* Element type is taken from the pointer, so that size and pointer cannot disagree. */
#define reserve(pointer, capacity, needed) grow((void **)&(pointer), &(capacity), (needed), sizeof(*(pointer)))

/* FNV-1a with a final mix: good enough for tables keyed by what the host says, and short. */
uint64_t hash_bytes(const void *data, size_t length);
uint64_t hash_number(uint64_t number);

/* Reads digits at `*cursor` up to `end`; false without a digit or on overflow. Advances the cursor past them. */
bool parse_number(const char **cursor, const char *end, uint64_t *number);
/* memmem(3) and strstr(3) for needles of a few bytes: the C library's are made for long ones, and are 2 KB. */
const char *find_bytes(const char *text, size_t length, const char *wanted, size_t size);
const char *find_text(const char *text, const char *wanted);
/* Ascending. The C library's, for elements of any kind, is 2 KB. */
void sort_numbers(uint64_t *number, size_t count);
bool has_number(const uint64_t *sorted, size_t count, uint64_t number);
/* Whether `words`, or what stands before their first space, is `word`. */
bool is_first_word(const char *words, const char *word);

/* Goes through the lines of a text. A negative length, a read that failed, is a text without any. */
struct lines {
    const char *at;
    const char *end;
};
struct lines lines_of(const char *text, ssize_t length);
/* The next one, from `line` up to `stop`, without its newline. False when there is none. */
bool next_line(struct lines *lines, const char **line, const char **stop);

/* Decimal digits of `number` at `to`, which has room for 20; returns how many. Not terminated. */
size_t format_number(char *to, uint64_t number);

/* Closes every descriptor from `first` on. */
void close_from(int first);

#endif
