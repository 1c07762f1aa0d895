#include "facts.h"

#include "host.h"
#include "kernel.h"
#include "procfs.h"
#include "surroundings.h"
#include "subordinate.h"
#include "text.h"
#include "users.h"
#include "util.h"
#include "verbs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* capabilities(7) by number; the last ones came with 5.8 and 5.9. */
static const char capability_names[][24] = {
    "CAP_CHOWN",           "CAP_DAC_OVERRIDE",     "CAP_DAC_READ_SEARCH", "CAP_FOWNER",         "CAP_FSETID",
    "CAP_KILL",            "CAP_SETGID",           "CAP_SETUID",          "CAP_SETPCAP",        "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",   "CAP_NET_ADMIN",       "CAP_NET_RAW",        "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",       "CAP_SYS_MODULE",       "CAP_SYS_RAWIO",       "CAP_SYS_CHROOT",     "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",       "CAP_SYS_ADMIN",        "CAP_SYS_BOOT",        "CAP_SYS_NICE",       "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",        "CAP_SYS_TTY_CONFIG",   "CAP_MKNOD",           "CAP_LEASE",          "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",   "CAP_SETFCAP",          "CAP_MAC_OVERRIDE",    "CAP_MAC_ADMIN",      "CAP_SYSLOG",
    "CAP_WAKE_ALARM",      "CAP_BLOCK_SUSPEND",    "CAP_AUDIT_READ",      "CAP_PERFMON",        "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

static const char *capability_name(unsigned capability)
{
    return capability < array_length(capability_names) ? capability_names[capability] : NULL;
}

static void print_capabilities(struct output *output)
{
    uint64_t set = host_capabilities();

    json_array(output, "capabilities");
    for (unsigned i = 0; i < array_length(capability_names); i++)
        if (set >> i & 1)
            json_text(output, NULL, capability_names[i]);
    json_close(output, ']');
}

static void print_namespaces(const struct host *host, struct output *output)
{
    json_array(output, "types");
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (host->own[type] != 0)
            json_text(output, NULL, ns_types[type].name);
    json_close(output, ']');
    json_object(output, "own");
    for (enum ns_type type = 0; type < NS_TYPES; type++)
        if (host->own[type] != 0)
            json_number(output, ns_types[type].name, host->own[type]);
    json_close(output, '}');
    json_object(output, "limits");
    for (enum ns_type type = 0; type < NS_TYPES; type++) {
        char path[PROC_PATH_SIZE];
        uint64_t limit;
        text_format(path, sizeof path, "sys/user/max_%s_namespaces", ns_types[type].name);
        if (read_number_at(host->proc, path, &limit) == 0)
            json_number(output, path + strlen("sys/user/"), limit);
    }
    json_close(output, '}');
}

static void print_range(const struct subordinate *range, void *context)
{
    struct output *output = context;

    json_object(output, NULL);
    json_number(output, "start", range->start);
    json_number(output, "count", range->count);
    json_close(output, '}');
}

static void print_ranges(const char *key, const char *path, const char *name, uint32_t uid, struct output *output)
{
    json_array(output, key);
    subordinate_visit(path, name, uid, print_range, output);
    json_close(output, ']');
}

/* By what is mounted; where nothing is, as in many containers, by what the kernel says of ourselves. */
static const char *cgroup_layout(const struct host *host)
{
    autofree char *text = NULL;
    size_t capacity = 0;
    ssize_t length = read_whole_at(host->proc, "self/mountinfo", &text, &capacity);
    bool unified = length > 0 && find_bytes(text, (size_t)length, " - cgroup2 ", 11);
    bool legacy = length > 0 && find_bytes(text, (size_t)length, " - cgroup ", 10);

    if (!unified && !legacy) {
        const char *line, *stop;
        length = read_whole_at(host->proc, "self/cgroup", &text, &capacity);
        struct lines lines = lines_of(text, length);
        while (next_line(&lines, &line, &stop)) {
            bool is_unified = stop - line >= 3 && memcmp(line, "0::", 3) == 0;
            unified = unified || is_unified;
            legacy = legacy || !is_unified;
        }
    }
    if (unified)
        return legacy ? "hybrid" : "v2";
    return legacy ? "v1" : "none";
}

static bool find_in(const char *directory, size_t length, const char *name, char *path, size_t size)
{
    struct stat status;

    if (length == 0 || directory[0] != '/' || length + strlen(name) + 2 > size)
        return false;
    memcpy(path, directory, length);
    path[length] = '/';
    strcpy(path + length + 1, name);
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* In PATH and, because the PATH of a login over SSH often lacks them, where administrators' programs are. */
static bool find_tool(const char *name, char *path, size_t size)
{
    const char *lists[] = { getenv("PATH"), "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin" };

    for (size_t i = 0; i < array_length(lists); i++)
        for (const char *at = lists[i]; at && *at;) {
            size_t length = strcspn(at, ":");
            if (find_in(at, length, name, path, size))
                return true;
            at += length + (at[length] == ':');
        }
    return false;
}

static void print_tools(struct output *output)
{
    static const char tools[][15] = {
        "runc",       "crun",          "podman",    "docker",         "containerd", "ctr",       "nerdctl",
        "crictl",     "buildah",       "lxc-start", "systemd-nspawn", "machinectl", "bwrap",     "unshare",
        "nsenter",    "ip",            "newuidmap", "newgidmap",      "gdb",        "gdbserver", "lldb-server",
        "strace",     "python3",       "node",      "dlv",            "tcpdump",    "sudo",      "slirp4netns",
        "pasta",      "fuse-overlayfs", "debootstrap",
    };
    char path[4096];

    json_object(output, "tools");
    for (size_t i = 0; i < array_length(tools); i++)
        if (find_tool(tools[i], path, sizeof path))
            json_text(output, tools[i], path);
    json_close(output, '}');
}

static void print_mappers(struct output *output)
{
    static const char *const mappers[] = { "newuidmap", "newgidmap" };
    char path[4096];

    json_object(output, "mappers");
    for (size_t i = 0; i < array_length(mappers); i++)
        if (find_tool(mappers[i], path, sizeof path))
            mapper_print(mappers[i], path, output);
    json_close(output, '}');
}

/* `--userns=pid:N`; 0 without it. */
static int read_words(const struct options *options, uint32_t *pid, struct failure *failure)
{
    static const char prefix[] = "--userns=pid:";

    *pid = 0;
    for (size_t i = 0; i < options->count; i++) {
        const char *word = options->word[i], *at = word + sizeof prefix - 1, *end = word + strlen(word);
        uint64_t number;
        if (strncmp(word, prefix, sizeof prefix - 1) != 0)
            return fail_usage(failure, "option", "unknown option or argument");
        if (!parse_number(&at, end, &number) || at != end || number == 0 || number > INT32_MAX)
            return fail_usage(failure, "option", "--userns takes pid:N");
        *pid = (uint32_t)number;
    }
    return 0;
}

int verb_facts(const struct options *options, struct output *output, struct failure *failure)
{
    struct utsname system = { 0 };
    struct host host;
    char name[256] = "", boot[64];
    uint32_t pid;
    int result = read_words(options, &pid, failure);

    if (!result)
        result = host_open(&host, failure);
    if (result)
        return result;
    uname(&system);
    uint32_t uid = geteuid();
    record_begin(output, "facts");
    json_text(output, "kernel", system.release);
    json_text(output, "arch", system.machine);
    if (system.nodename[0])
        json_text(output, "hostname", system.nodename);
    if (read_text_at(host.proc, "sys/kernel/random/boot_id", boot, sizeof boot) > 0)
        json_text(output, "boot", boot);
    json_number(output, "uid", uid);
    json_number(output, "gid", getegid());
    if (user_name(uid, name, sizeof name))
        json_text(output, "user", name);
    print_capabilities(output);
    print_namespaces(&host, output);
    restrictions_print(&host, output);
    print_ranges("subuid", "/etc/subuid", name, uid, output);
    print_ranges("subgid", "/etc/subgid", name, uid, output);
    json_text(output, "cgroup", cgroup_layout(&host));
    json_boolean(output, "listns", host.listns);
    json_boolean(output, "nsid", host.nsid);
    if (host.hidepid[0])
        json_text(output, "hidepid", host.hidepid);
    print_tools(output);
    print_mappers(output);
    user_namespace_print(&host, output);
    bounding_print(&host, capability_name, output);
    resource_limits_print(output);
    subordinate_files_print(output);
    interfaces_print(&host, output);
    visible_print(&host, output);
    record_end(output);
    if (pid != 0)
        result = user_namespaces_print(&host, pid, output, failure);
    host_close(&host);
    if (result)
        return result;
    record_begin(output, "end");
    record_end(output);
    return 0;
}
