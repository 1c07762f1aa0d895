#include "enter.h"

#include "environment.h"
#include "kernel.h"
#include "passwd.h"
#include "util.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

extern char **environ;

/* Where distributions put one that may be static. */
static const char *const busyboxes[] = {
    "/bin/busybox",
    "/usr/bin/busybox",
    "/sbin/busybox",
    "/bin/busybox.static",
    "/usr/bin/busybox-static",
    "/usr/lib/initramfs-tools/bin/busybox",
    "/usr/lib/busybox/bin/busybox",
};

/* Shells of systems that have no other, in the order of what a person would rather have. */
static const char shells[][15] = {
    "/bin/bash", "/bin/sh", "/usr/bin/bash", "/usr/bin/sh", "/bin/ash", "/bin/dash", "/busybox/sh", "/system/bin/sh",
};

/* What /etc/passwd has where nobody is to log in. */
static bool is_no_shell(const char *path)
{
    static const char names[][10] = { "nologin", "false", "true", "sync", "halt", "shutdown", "git-shell" };
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < array_length(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return name == path || !*name;
}

#if UINTPTR_MAX > UINT32_MAX
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_program;
#define ELF_CLASS ELFCLASS64
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_program;
#define ELF_CLASS ELFCLASS32
#endif

struct elf_facts {
    uint16_t machine;
    bool has_interpreter;
};

/* False for anything but an executable of this machine's word size. */
static bool read_elf(int fd, struct elf_facts *facts)
{
    elf_header header;

    if (pread(fd, &header, sizeof header, 0) != sizeof header || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELF_CLASS || (header.e_type != ET_EXEC && header.e_type != ET_DYN) ||
        header.e_phnum == 0 || header.e_phentsize != sizeof(elf_program))
        return false;
    *facts = (struct elf_facts){ .machine = header.e_machine };
    for (unsigned i = 0; i < header.e_phnum; i++) {
        elf_program program;
        if (pread(fd, &program, sizeof program, (off_t)(header.e_phoff + i * sizeof program)) != sizeof program)
            return false;
        if (program.p_type == PT_INTERP)
            facts->has_interpreter = true;
    }
    return true;
}

void shell_open(struct shell *shell)
{
    autoclose int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct elf_facts own, other;
    struct stat status;

    *shell = (struct shell){ .busybox = -1 };
    if (self < 0 || !read_elf(self, &own))
        return;
    for (size_t i = 0; i < array_length(busyboxes); i++) {
        int fd = open(busyboxes[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IXOTH) && read_elf(fd, &other) &&
            other.machine == own.machine && !other.has_interpreter) {
            *shell = (struct shell){ .busybox = fd, .busybox_path = busyboxes[i] };
            return;
        }
        close(fd);
    }
}

/* Human words for the person at the terminal, which are not the command's output. */
static void say(const char *first, const char *second, const char *third)
{
    const char *parts[] = { "linux-namespaces: ", first, second, third, "\n" };

    for (size_t i = 0; i < array_length(parts); i++)
        (void)!write(STDERR_FILENO, parts[i], strlen(parts[i]));
}

static void set_environment(const struct passwd_entry *entry, const char *path)
{
    if (entry) {
        environment_put("HOME", *entry->home ? entry->home : "/");
        environment_put("USER", entry->name);
        environment_put("LOGNAME", entry->name);
    }
    environment_put("SHELL", path);
    if (!getenv("PATH"))
        environment_put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
}

/* Executed rather than looked at: only that tells whether its interpreter is there and it may be run. */
static void try(const char *path, const struct passwd_entry *entry)
{
    const char *slash = strrchr(path, '/');
    char name[256] = "-";
    char *argv[] = { name, NULL };

    strncat(name, slash ? slash + 1 : path, sizeof name - 2);
    set_environment(entry, path);
    execve(path, argv, environ);
}

static void try_busybox(const struct shell *shell, const struct passwd_entry *entry)
{
    char name[] = "sh";
    char *argv[] = { name, NULL };

    set_environment(entry, "/bin/sh");
    say("no shell can be run in this root; this is the host's ", shell->busybox_path, "");
    syscall(SYS_execveat, shell->busybox, "", argv, environ, AT_EMPTY_PATH);
}

int shell_run(const struct enter *enter, const struct shell *shell, struct failure *failure)
{
    struct passwd_entry found, *entry = passwd_find(geteuid(), &found) ? &found : NULL;

    if (enter->shell) {
        try(enter->shell, entry);
        say(enter->shell, " cannot be run here: ", errno_name(errno));
    }
    if (entry && !*found.shell)
        strcpy(found.shell, "/bin/sh");
    if (entry && !is_no_shell(found.shell))
        try(found.shell, entry);
    for (size_t i = 0; i < array_length(shells); i++)
        try(shells[i], entry);
    if ((enter->fallbacks & FALLBACK_BUSYBOX) && shell->busybox >= 0)
        try_busybox(shell, entry);
    if (enter->fallbacks & FALLBACK_OWN) {
        say("no shell can be run in this root; this is the helper's own, which has few commands: try help", "", "");
        set_environment(entry, "/bin/sh");
        _exit(mini_shell());
    }
    fail(failure, "execve", ENOENT);
    failure->detail = "no shell can be run in this root";
    return -ENOENT;
}
