#include "environment.h"

#include "util.h"

#include <string.h>

#define ENTRY "--env="

bool environment_is_entry(const char *text)
{
    const char *equals = text ? strchr(text, '=') : NULL;

    return equals && equals != text;
}

void environment_set(char *const *word)
{
    for (; *word && strcmp(*word, "--") != 0; word++)
        if (strcmp(*word, "--clear-env") == 0)
            clearenv();
        else if (strncmp(*word, ENTRY, strlen(ENTRY)) == 0)
            putenv(*word + strlen(ENTRY));
}
