#include "passwd.h"

#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum field { FIELD_NAME, FIELD_PASSWORD, FIELD_UID, FIELD_GID, FIELD_COMMENT, FIELD_HOME, FIELD_SHELL, FIELDS };

static bool copy_field(const char *from, size_t length, char *to, size_t size)
{
    if (length >= size)
        return false;
    memcpy(to, from, length);
    to[length] = '\0';
    return true;
}

static bool whole_number(const char *text, size_t length, uint32_t *number)
{
    const char *at = text;
    uint64_t value;

    if (!parse_number(&at, text + length, &value) || at != text + length || value > UINT32_MAX)
        return false;
    *number = (uint32_t)value;
    return true;
}

static bool parse_line(const char *line, const char *stop, uint32_t uid, struct passwd_entry *entry)
{
    const char *field[FIELDS];
    size_t length[FIELDS];
    uint32_t number;

    for (int i = 0; i < FIELDS; i++) {
        const char *colon = i + 1 < FIELDS ? memchr(line, ':', (size_t)(stop - line)) : stop;
        if (!colon)
            return false;
        field[i] = line;
        length[i] = (size_t)(colon - line);
        line = colon + 1;
    }
    return whole_number(field[FIELD_UID], length[FIELD_UID], &number) && number == uid &&
           whole_number(field[FIELD_GID], length[FIELD_GID], &entry->gid) &&
           copy_field(field[FIELD_NAME], length[FIELD_NAME], entry->name, sizeof entry->name) &&
           copy_field(field[FIELD_HOME], length[FIELD_HOME], entry->home, sizeof entry->home) &&
           copy_field(field[FIELD_SHELL], length[FIELD_SHELL], entry->shell, sizeof entry->shell);
}

/* The file is the target's: it may be anything, and of any length. */
#define PASSWD_MAX (256 * 1024)

bool passwd_find(uint32_t uid, struct passwd_entry *entry)
{
    autoclose int fd = open("/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    autofree char *text = malloc(PASSWD_MAX);
    struct stat status;
    const char *line, *stop;

    if (fd < 0 || !text || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    struct lines lines = lines_of(text, read(fd, text, PASSWD_MAX));
    while (next_line(&lines, &line, &stop))
        if (parse_line(line, stop, uid, entry))
            return true;
    return false;
}
