#include "enter.h"

#include "environment.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>

static bool read_list(const char *value, const char **item, size_t *count)
{
    if (!value || !*value || *count == ENTER_LIST_MAX)
        return false;
    item[(*count)++] = value;
    return true;
}

static bool read_target(struct enter *enter, const char *value)
{
    return read_list(value, enter->target, &enter->targets);
}

static bool read_expect(struct enter *enter, const char *value)
{
    return read_list(value, enter->expect, &enter->expects);
}

static bool read_only(struct enter *enter, const char *value)
{
    while (value) {
        const char *comma = strchrnul(value, ',');
        enum ns_type type = ns_type_by_name(value, (size_t)(comma - value));
        if (type == NS_NONE)
            return false;
        enter->only |= 1u << type;
        value = *comma ? comma + 1 : NULL;
    }
    return enter->only != 0;
}

static bool read_user(struct enter *enter, const char *value)
{
    const char *at = value, *end = value ? value + strlen(value) : NULL;
    uint64_t uid, gid;

    if (!value)
        return false;
    if (strcmp(value, "root") == 0 || strcmp(value, "keep") == 0) {
        enter->identity = value[0] == 'r' ? IDENTITY_ROOT : IDENTITY_KEEP;
        return true;
    }
    enter->identity = IDENTITY_IDS;
    /* The last number means "unchanged" to setresuid(2). */
    if (!parse_number(&at, end, &uid) || uid >= UINT32_MAX)
        return false;
    enter->uid = (uint32_t)uid;
    if (at == end)
        return true;
    if (*at++ != ':' || !parse_number(&at, end, &gid) || gid >= UINT32_MAX || at != end)
        return false;
    enter->gid = (uint32_t)gid;
    enter->has_gid = true;
    return true;
}

static bool read_root(struct enter *enter, const char *value)
{
    enter->has_root = true;
    return !value;
}

static bool read_cwd(struct enter *enter, const char *value)
{
    enter->has_cwd = true;
    enter->cwd = value;
    return !value || *value;
}

static bool read_shell(struct enter *enter, const char *value)
{
    enter->has_shell = true;
    enter->shell = value;
    return !value || *value;
}

static bool read_fallback(struct enter *enter, const char *value)
{
    static const struct {
        char name[8];
        unsigned fallbacks;
    } names[] = { { "none", 0 }, { "busybox", FALLBACK_BUSYBOX }, { "own", FALLBACK_OWN } };

    for (size_t i = 0; value && i < array_length(names); i++)
        if (strcmp(names[i].name, value) == 0) {
            enter->fallbacks = names[i].fallbacks;
            return true;
        }
    return false;
}

static bool read_records(struct enter *enter, const char *value)
{
    const char *at = value, *end = value ? value + strlen(value) : NULL;
    uint64_t number;

    if (!value || !parse_number(&at, end, &number) || at != end || number == 0 || number > 1 << 20 ||
        fcntl((int)number, F_GETFD) < 0)
        return false;
    enter->records = (int)number;
    enter->has_records = true;
    return true;
}

static bool read_env(struct enter *enter, const char *value)
{
    (void)enter;
    return environment_is_entry(value);
}

/* Which of them can be executed shows when they are. */
static bool read_program(struct enter *enter, const char *value)
{
    (void)enter;
    return value && *value;
}

static bool read_kill_descendants(struct enter *enter, const char *value)
{
    enter->kills_descendants = true;
    return !value;
}

static bool read_clear_env(struct enter *enter, const char *value)
{
    (void)enter;
    return !value;
}

/* The words begin with the option's name. */
static const struct {
    bool (*read)(struct enter *enter, const char *value);
    const char *words;
} options[] = {
    { read_target, "--target takes pid:N, pid:N:START, a NAME, TYPE:ID, TYPE:REFERENCE or a path" },
    { read_only, "--only takes types, separated by commas" },
    { read_user, "--user takes UID, UID:GID, root or keep" },
    { read_root, "--root takes no value" },
    { read_cwd, "--cwd takes a folder or nothing" },
    { read_expect, "--expect takes TYPE:ID" },
    { read_env, "--env takes NAME=VALUE" },
    { read_clear_env, "--clear-env takes no value" },
    { read_shell, "--shell takes a path or nothing" },
    { read_fallback, "--fallback takes none, busybox or own" },
    { read_program, "--program takes a name or a path" },
    { read_kill_descendants, "--kill-descendants takes no value" },
    { read_records, "--records takes an open descriptor other than 0" },
};

static int read_word(struct enter *enter, const char *word, struct failure *failure)
{
    size_t length = strcspn(word, "=");
    const char *value = word[length] ? word + length + 1 : NULL;

    for (size_t i = 0; i < array_length(options); i++)
        if (strcspn(options[i].words, " ") == length && memcmp(options[i].words, word, length) == 0)
            return options[i].read(enter, value) ? 0 : fail_usage(failure, "option", options[i].words);
    return fail_usage(failure, "option", "unknown option or argument");
}

int enter_parse_options(char *const *word, size_t count, struct enter *enter, struct failure *failure)
{
    *enter = (struct enter){ .fallbacks = FALLBACK_BUSYBOX | FALLBACK_OWN, .records = STDERR_FILENO, .word = word };
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word[i], "--") == 0) {
            enter->argv = i + 1 < count ? word + i + 1 : NULL;
            break;
        }
        int result = read_word(enter, word[i], failure);
        if (result)
            return result;
    }
    return enter->targets == 0 ? fail_usage(failure, "option", "a --target is needed") : 0;
}

int enter_parse(char *const *word, size_t count, struct enter *enter, struct failure *failure)
{
    int result = enter_parse_options(word, count, enter, failure);

    if (result)
        return result;
    if (!enter->argv == !enter->has_shell)
        return fail_usage(failure, "option", "enter takes either --shell or a command after --");
    return 0;
}
