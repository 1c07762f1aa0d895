#include "environment.h"

#include "text.h"
#include "util.h"

#include <string.h>

#define ENTRY "--env="

extern char **environ;

bool environment_is_entry(const char *text)
{
    const char *equals = text ? strchr(text, '=') : NULL;

    return equals && equals != text;
}

/* The entry of the same name as `entry`, up to and with its "="; the end of the table when there is none. */
static size_t find(char *const *table, const char *entry)
{
    size_t length = (size_t)(strchr(entry, '=') - entry) + 1, i = 0;

    while (table[i] && strncmp(table[i], entry, length) != 0)
        i++;
    return i;
}

/* The C library's putenv(3) and setenv(3) are a kilobyte. What was there is not freed: the process is about to execute. */
static void put(char *entry)
{
    size_t count = 0;

    while (environ && environ[count])
        count++;
    char **table = calloc(count + 2, sizeof *table);
    if (!table)
        return;
    for (size_t i = 0; i < count; i++)
        table[i] = environ[i];
    table[find(table, entry)] = entry;
    environ = table;
}

void environment_put(const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *entry = malloc(size);

    if (!entry)
        return;
    text_format(entry, size, "%s=%s", name, value);
    put(entry);
}

void environment_set(char *const *word)
{
    static char *none[1];

    for (; *word && strcmp(*word, "--") != 0; word++)
        if (strcmp(*word, "--clear-env") == 0)
            environ = none;
        else if (strncmp(*word, ENTRY, strlen(ENTRY)) == 0)
            put(*word + strlen(ENTRY));
}
