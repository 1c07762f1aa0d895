#include "title.h"

#include "text.h"
#include "util.h"

#include <string.h>
#include <sys/prctl.h>

extern char **environ;

static char *area, *area_end;

void title_init(int argc, char **argv)
{
    area = argc > 0 ? argv[0] : NULL;
    area_end = area;
    for (int i = 0; i < argc; i++)
        if (argv[i] == area_end)
            area_end += strlen(argv[i]) + 1;
    for (char **entry = environ; area && entry && *entry; entry++)
        if (*entry == area_end)
            area_end += strlen(*entry) + 1;
}

int title_save_environment(void)
{
    size_t count = 0;

    while (environ && environ[count])
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        if (!(copy[i] = strdup(environ[i])))
            return -ENOMEM;
    if (!copy)
        return -ENOMEM;
    environ = copy;
    return 0;
}

int title_set(const char *text)
{
    size_t length = strlen(text);

    /* The kernel looks for the end of a title in the environment when the arguments do not end with a NUL. */
    if (!area || (size_t)(area_end - area) < length + 1)
        return -ENOSPC;
    memset(area, 0, (size_t)(area_end - area));
    memcpy(area, text, length);
    /* `ps` and friends show this one in other columns; it is cut at 15 bytes. */
    prctl(PR_SET_NAME, "linux-namespace");
    return 0;
}

int title_rename(const char *word)
{
    char text[256];
    const char *second = area ? strchr(area, ' ') : NULL;
    const char *third = second ? strchr(second + 1, ' ') : NULL;

    if (!second)
        return -EINVAL;
    text_format(text, sizeof text, "%.*s %s%s", (int)(second - area), area, word, third ? third : "");
    return title_set(text);
}
