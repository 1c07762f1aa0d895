#include "maps.h"

#include "procfs.h"
#include "subordinate.h"
#include "text.h"
#include "users.h"
#include "util.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CAP_SETGID 6
#define CAP_SETUID 7

/* A range for --map=auto is as large as what useradd(8) gives, which every distribution's files fit in. */
#define AUTO_COUNT 65536
/* Where systemd-nspawn(1) looks, too: above accounts and below what has bit 31 set. */
#define AUTO_FIRST 0x80000
#define AUTO_LAST 0x6fff0000

bool map_add(struct id_map *map, const char *text)
{
    const char *end = text + strlen(text);
    uint64_t value[3];

    if (map->count == ID_MAP_MAX)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (!parse_number(&text, end, &value[i]) || value[i] > UINT32_MAX || (i < 2 && *text++ != ':'))
            return false;
    }
    if (text != end || value[2] == 0 || value[0] + value[2] > UINT32_MAX || value[1] + value[2] > UINT32_MAX)
        return false;
    map->range[map->count++] = (struct id_range){ (uint32_t)value[0], (uint32_t)value[1], (uint32_t)value[2] };
    return true;
}

bool map_has(const struct id_map *map, uint32_t inside)
{
    for (size_t i = 0; i < map->count; i++)
        if (inside >= map->range[i].inside && inside - map->range[i].inside < map->range[i].count)
            return true;
    return false;
}

static void map_append(struct id_map *map, uint32_t inside, uint32_t outside, uint32_t count)
{
    map->range[map->count++] = (struct id_range){ inside, outside, count };
}

/* Ranges that are taken: by a line of a living user namespace's map, or by an entry of a file. */
struct taken {
    struct subordinate *range;
    size_t count, capacity;
};

static void taken_add(struct taken *taken, uint64_t start, uint64_t count)
{
    if (reserve(taken->range, taken->capacity, taken->count + 1) == 0)
        taken->range[taken->count++] = (struct subordinate){ start, count };
}

static bool is_taken(const struct taken *taken, uint64_t start, uint64_t count)
{
    for (size_t i = 0; i < taken->count; i++)
        if (start < taken->range[i].start + taken->range[i].count && taken->range[i].start < start + count)
            return true;
    return false;
}

static void take_entry(const struct subordinate *range, void *context)
{
    taken_add(context, range->start, range->count);
}

static void skip_blanks(const char **at, const char *stop)
{
    while (*at < stop && **at == ' ')
        ++*at;
}

/* Maps of all processes that are in another user namespace than this one, as this one counts ids. */
static void take_living(const struct host *host, const char *name, struct taken *taken)
{
    autofree uint32_t *pids = NULL;
    autofree char *text = NULL;
    size_t capacity = 0, room = 0;
    ssize_t count = list_numbers_at(host->proc, ".", &pids, &capacity);

    for (ssize_t i = 0; i < count; i++) {
        char path[PROC_PATH_SIZE];
        uint32_t user = 0;
        text_format(path, sizeof path, "%u/ns/user", pids[i]);
        if (read_namespace_link(host->proc, path, &user) == 0 && user == host->own[NS_USER])
            continue;
        text_format(path, sizeof path, "%u/%s", pids[i], name);
        ssize_t length = read_whole_at(host->proc, path, &text, &room);
        struct lines lines = lines_of(text, length);
        const char *line, *stop;
        while (next_line(&lines, &line, &stop)) {
            uint64_t value[3];
            size_t got = 0;
            for (skip_blanks(&line, stop); got < 3 && parse_number(&line, stop, &value[got]); got++)
                skip_blanks(&line, stop);
            /* One that maps all ids leaves none to choose, and isolates nobody. */
            if (got == 3 && value[2] != UINT32_MAX)
                taken_add(taken, value[1], value[2]);
        }
    }
}

/* The first range that is not taken, else the first one. */
struct choice {
    const struct taken *taken;
    struct subordinate first, free;
};

static void choose(const struct subordinate *range, void *context)
{
    struct choice *choice = context;
    uint64_t size = range->count < AUTO_COUNT ? range->count : AUTO_COUNT;

    if (size == 0 || range->start == 0 || range->start + range->count > UINT32_MAX)
        return;
    if (!choice->first.count)
        choice->first = (struct subordinate){ range->start, size };
    for (uint64_t at = range->start; !choice->free.count && at + size <= range->start + range->count; at += size)
        if (!is_taken(choice->taken, at, size))
            choice->free = (struct subordinate){ at, size };
}

static int resolve_auto(const struct host *host, const char *file, const char *map_name, uint32_t own, bool privileged,
                        struct id_map *map, struct failure *failure)
{
    struct taken taken = { 0 };
    struct choice choice = { .taken = &taken };
    char name[256] = "";
    uint32_t uid = geteuid();

    if (!user_name(uid, name, sizeof name))
        name[0] = '\0';
    take_living(host, map_name, &taken);
    subordinate_visit(file, name, uid, choose, &choice);
    struct subordinate range = choice.free.count ? choice.free : choice.first;
    if (privileged && !choice.free.count) {
        range = (struct subordinate){ 0 };
        subordinate_visit(file, NULL, 0, take_entry, &taken);
        for (uint64_t at = AUTO_FIRST; !range.count && at <= AUTO_LAST; at += AUTO_COUNT)
            if (!is_taken(&taken, at, AUTO_COUNT))
                range = (struct subordinate){ at, AUTO_COUNT };
    }
    free(taken.range);
    if (!range.count) {
        fail(failure, "subordinate", ENOENT);
        failure->type = NS_USER;
        failure->path = file;
        failure->detail = "no range for this user";
        return -ENOENT;
    }
    if (!privileged)
        map_append(map, 0, own, 1);
    map_append(map, privileged ? 0 : 1, (uint32_t)range.start, (uint32_t)range.count);
    return 0;
}

int maps_resolve(enum map_kind kind, const struct host *host, struct id_map *uids, struct id_map *gids,
                 struct failure *failure)
{
    uint64_t capabilities = host_capabilities();

    if (kind == MAP_NONE)
        return 0;
    if (kind == MAP_AUTO) {
        int result = resolve_auto(host, "/etc/subuid", "uid_map", geteuid(), capabilities >> CAP_SETUID & 1, uids,
                                  failure);
        return result ? result
                      : resolve_auto(host, "/etc/subgid", "gid_map", getegid(), capabilities >> CAP_SETGID & 1, gids,
                                     failure);
    }
    map_append(uids, kind == MAP_ROOT ? 0 : geteuid(), geteuid(), 1);
    map_append(gids, kind == MAP_ROOT ? 0 : getegid(), getegid(), 1);
    return 0;
}

/* user_namespaces(7): without the capability only the writer's own id, in one line. */
static bool is_own(const struct id_map *map, uint32_t own)
{
    return map->count == 1 && map->range[0].count == 1 && map->range[0].outside == own;
}

bool maps_deny_setgroups(const struct id_map *gids)
{
    return gids->count > 0 && !(host_capabilities() >> CAP_SETGID & 1) && is_own(gids, getegid());
}

static int write_proc(const struct host *host, pid_t pid, const char *name, const char *text)
{
    char path[PROC_PATH_SIZE];

    text_format(path, sizeof path, "%d/%s", pid, name);
    autoclose int fd = openat(host->proc, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    /* The kernel takes a map in one write or not at all. */
    return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int write_directly(const struct host *host, pid_t pid, const char *name, const struct id_map *map)
{
    autofree char *text = malloc(map->count * 36 + 1);
    size_t length = 0;

    if (!text)
        return -ENOMEM;
    for (size_t i = 0; i < map->count; i++)
        length += text_format(text + length, 37, "%u %u %u\n", map->range[i].inside, map->range[i].outside,
                              map->range[i].count);
    return write_proc(host, pid, name, text);
}

/* Not along PATH: a program that gives ids must be the system's. */
static bool find_program(const char *name, char *path, size_t size)
{
    static const char folders[][18] = { "/run/wrappers/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin" };

    for (size_t i = 0; i < array_length(folders); i++) {
        text_format(path, size, "%s/%s", folders[i], name);
        if (access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static _Noreturn void execute(const char *path, char *const *argv, int error)
{
    static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
    char *environment[] = { path_variable, locale, NULL };
    sigset_t none;
    int null = open("/dev/null", O_RDWR);

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
    }
    dup2(error, STDERR_FILENO);
    execve(path, argv, environment);
    _exit(127);
}

static int run_program(const char *path, char *const *argv, struct map_detail *detail)
{
    int pipes[2], status = 0;
    size_t length = 0;
    char rest[256];
    ssize_t got;

    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -errno;
    pid_t child = fork();
    if (child == 0)
        execute(path, argv, pipes[1]);
    int number = errno;
    close(pipes[1]);
    while (child > 0 && (got = read(pipes[0], length < sizeof detail->text - 1 ? detail->text + length : rest,
                                    length < sizeof detail->text - 1 ? sizeof detail->text - 1 - length : sizeof rest)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        length += got > 0 && length < sizeof detail->text - 1 ? (size_t)got : 0;
    }
    detail->text[length] = '\0';
    detail->text[strcspn(detail->text, "\n")] = '\0';
    close(pipes[0]);
    if (child < 0)
        return -number;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

static int write_by_program(const char *name, pid_t pid, const struct id_map *map, struct map_detail *detail,
                            struct failure *failure)
{
    autofree char *numbers = malloc((map->count * 3 + 1) * 12);
    autofree char **argv = calloc(map->count * 3 + 3, sizeof *argv);
    char path[64];

    if (!numbers || !argv)
        return fail(failure, name, ENOMEM);
    if (!find_program(name, path, sizeof path)) {
        fail(failure, name, ENOENT);
        failure->detail = "the program is not installed";
        return -ENOENT;
    }
    argv[0] = path;
    argv[1] = numbers;
    text_format(numbers, 12, "%d", pid);
    for (size_t i = 0; i < map->count; i++) {
        const uint32_t value[3] = { map->range[i].inside, map->range[i].outside, map->range[i].count };
        for (size_t j = 0; j < 3; j++) {
            argv[2 + i * 3 + j] = numbers + (1 + i * 3 + j) * 12;
            text_format(argv[2 + i * 3 + j], 12, "%u", value[j]);
        }
    }
    int result = run_program(path, argv, detail);
    if (!result)
        return 0;
    fail(failure, name, -result);
    failure->detail = detail->text[0] ? detail->text : NULL;
    return result;
}

static int write_map(const struct host *host, pid_t pid, const char *name, const char *program,
                     const struct id_map *map, unsigned capability, uint32_t own, struct map_detail *detail,
                     struct failure *failure)
{
    int result;

    if (map->count == 0)
        return 0;
    if ((host_capabilities() >> capability & 1) || is_own(map, own)) {
        result = write_directly(host, pid, name, map);
        if (result)
            fail(failure, name, -result);
    } else {
        result = write_by_program(program, pid, map, detail, failure);
    }
    if (result)
        failure->type = NS_USER;
    return result;
}

int maps_write(const struct host *host, pid_t pid, const struct id_map *uids, const struct id_map *gids,
               bool deny_setgroups, struct map_detail *detail, struct failure *failure)
{
    int result = deny_setgroups ? write_proc(host, pid, "setgroups", "deny") : 0;

    if (result) {
        fail(failure, "setgroups", -result);
        failure->type = NS_USER;
        return result;
    }
    result = write_map(host, pid, "uid_map", "newuidmap", uids, CAP_SETUID, geteuid(), detail, failure);
    return result ? result
                  : write_map(host, pid, "gid_map", "newgidmap", gids, CAP_SETGID, getegid(), detail, failure);
}
