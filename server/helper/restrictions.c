#include "facts.h"
#include "procfs.h"
#include "util.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Switches that are one number. A file that is absent means that this gate is absent, not that it is closed. */
static const struct {
    const char *key;
    const char *path;
} numbers[] = {
    /* Patched into Debian's kernels and those made from them. */
    { "unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone" },
    /* Patched into Ubuntu's kernels. */
    { "apparmor_restrict_unprivileged_userns", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns" },
    { "apparmor_restrict_unprivileged_unconfined", "/proc/sys/kernel/apparmor_restrict_unprivileged_unconfined" },
    { "apparmor_restrict_unprivileged_userns_force", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns_force" },
    { "yama_ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope" },
    { "selinux_enforce", "/sys/fs/selinux/enforce" },
};

/* Values that are a word. */
static const struct {
    const char *key;
    const char *path;
} texts[] = {
    /* What the container's manager says of itself: systemd's container interface. */
    { "container", "/run/systemd/container" },
    { "unconfined_restrictions_userns",
      "/sys/kernel/security/apparmor/features/policy/unconfined_restrictions/userns" },
    { "lsm", "/sys/kernel/security/lsm" },
    /* Of this process: an AppArmor profile or an SELinux context. */
    { "context", "/proc/self/attr/current" },
};

static void print_switches(struct output *output)
{
    char text[1024];

    for (size_t i = 0; i < array_length(numbers); i++) {
        uint64_t number;
        if (read_number_at(AT_FDCWD, numbers[i].path, &number) == 0)
            json_number(output, numbers[i].key, number);
    }
    for (size_t i = 0; i < array_length(texts); i++) {
        ssize_t length = read_text_at(AT_FDCWD, texts[i].path, text, sizeof text);
        if (length > 0 && text[0] != '\0')
            json_text(output, texts[i].key, text);
    }
}

/* `none [integrity] confidentiality`: the word in brackets holds. */
static void print_lockdown(struct output *output)
{
    char text[256];
    ssize_t length = read_text_at(AT_FDCWD, "/sys/kernel/security/lockdown", text, sizeof text);
    const char *open = length > 0 ? strchr(text, '[') : NULL;
    const char *close = open ? strchr(open, ']') : NULL;

    if (close)
        json_bytes(output, "lockdown", open + 1, (size_t)(close - open - 1));
}

static void print_own_status(const struct host *host, struct output *output)
{
    char text[8192];
    ssize_t length = read_text_at(host->proc, "self/status", text, sizeof text);
    size_t size;
    uint64_t number;

    if (length <= 0)
        return;
    /* The mode: 1 strict, 2 filter. */
    const char *value = find_field(text, (size_t)length, "Seccomp", &size);
    if (value && parse_number(&value, value + size, &number))
        json_number(output, "seccomp", number);
    /* How many, from 5.11 on. */
    value = find_field(text, (size_t)length, "Seccomp_filters", &size);
    if (value && parse_number(&value, value + size, &number))
        json_number(output, "seccomp_filters", number);
    value = find_field(text, (size_t)length, "NoNewPrivs", &size);
    if (value && parse_number(&value, value + size, &number))
        json_boolean(output, "no_new_privs", number != 0);
}

/* Whether a mount point `/` is listed: without one our root lies within a mount, and that only chroot does. */
static bool root_is_mount_point(const struct host *host, bool *known)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(host->proc, "self/mountinfo", &text, &capacity);
    struct lines lines = lines_of(text, length);
    const char *line, *stop;

    *known = length > 0;
    while (next_line(&lines, &line, &stop)) {
        const char *at = line;
        for (unsigned blanks = 0; blanks < 4 && at; blanks++) {
            at = memchr(at, ' ', (size_t)(stop - at));
            at = at ? at + 1 : NULL;
        }
        if (at && stop - at > 2 && at[0] == '/' && at[1] == ' ')
            return true;
    }
    return false;
}

/* User namespaces cannot be created from a chroot (EPERM). Left out where nothing tells one from a mount's root. */
static void print_chroot(const struct host *host, struct output *output)
{
    struct stat first, own;
    uint32_t mntns;
    bool known;

    if (!root_is_mount_point(host, &known) && known) {
        json_boolean(output, "chroot", true);
        return;
    }
    /* The root of a process 1 in the same mount namespace is what ours should be. */
    if (read_namespace_link(host->proc, "1/ns/mnt", &mntns) == 0 && mntns == host->own[NS_MNT] &&
        fstatat(host->proc, "1/root/.", &first, 0) == 0 && stat("/", &own) == 0)
        json_boolean(output, "chroot", first.st_dev != own.st_dev || first.st_ino != own.st_ino);
}

/* Files and variables by which engines tell those inside: Docker, Podman, then lxc and systemd-nspawn. */
static void print_container_marks(struct output *output)
{
    static const char *const marks[] = { "/.dockerenv", "/run/.containerenv" };
    const char *variable = getenv("container");
    struct stat status;

    for (size_t i = 0; i < array_length(marks); i++)
        if (stat(marks[i], &status) == 0) {
            json_text(output, "container_mark", marks[i]);
            break;
        }
    if (variable && variable[0])
        json_text(output, "container_variable", variable);
}

void restrictions_print(const struct host *host, struct output *output)
{
    json_object(output, "restrictions");
    print_switches(output);
    print_lockdown(output);
    print_own_status(host, output);
    print_chroot(host, output);
    print_container_marks(output);
    json_close(output, '}');
}
