#include "shield.h"

#include "kernel.h"
#include "util.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

/* 6.3. Older kernels answer EINVAL and need none. */
#define EXECUTABLE 0x0010u

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

static int make_copy(int self)
{
    struct stat status;
    int copy = memfd_create("nshelper", MFD_CLOEXEC | MFD_ALLOW_SEALING | EXECUTABLE);

    if (copy < 0 && errno == EINVAL)
        copy = memfd_create("nshelper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    /* A limit on the size of files (ulimit -f) counts here, too. */
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ssize_t left = copy < 0 || fstat(self, &status) < 0 ? -1 : (ssize_t)status.st_size;
    while (left > 0) {
        ssize_t sent = sendfile(copy, self, NULL, (size_t)left);
        left = sent <= 0 ? -1 : left - sent;
    }
    signal(SIGXFSZ, handler);
    if (left == 0 && fcntl(copy, F_ADD_SEALS, SEALS) == 0)
        return copy;
    cleanup_close(&copy);
    return -1;
}

void shield(char *const *argv)
{
    autoclose int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int seals = self < 0 ? F_SEAL_WRITE : fcntl(self, F_GET_SEALS);

    if (seals < 0 || !(seals & F_SEAL_WRITE)) {
        autoclose int copy = make_copy(self);
        if (copy >= 0)
            syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH);
    }
    /* Before 6.14 it is called by the number of the descriptor. */
    const char *slash = strrchr(argv[0], '/');
    prctl(PR_SET_NAME, slash ? slash + 1 : argv[0]);
}
