#ifndef NSHELPER_KERNEL_H
#define NSHELPER_KERNEL_H

/*
 * Kernel interfaces that the C library's headers may lack. musl-gcc does not see the kernel's own headers at all, and
 * the helper is built against old libraries yet runs on new kernels, so the numbers are written here. Each is used
 * only after the running kernel answered to it.
 */

#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif

#define NSFS_MAGIC 0x6e736673
#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572

/* nsfs ioctls: 4.9, 4.11 and 6.18. */
#define NS_GET_USERNS _IO(0xb7, 1)
#define NS_GET_PARENT _IO(0xb7, 2)
#define NS_GET_NSTYPE _IO(0xb7, 3)
#define NS_GET_OWNER_UID _IO(0xb7, 4)
#define NS_GET_ID _IOR(0xb7, 13, uint64_t)

/* The net namespace of a socket, 4.10. */
#define SIOCGSKNS 0x894c

/* Same numbers on every architecture that the helper is built for. */
#define SYSCALL_PIDFD_SEND_SIGNAL 424
#define SYSCALL_PIDFD_OPEN 434
#define SYSCALL_CLOSE_RANGE 436
#define SYSCALL_OPENAT2 437
#define SYSCALL_PIDFD_GETFD 438
#define SYSCALL_LISTNS 470

/* PIDFD_GET_INFO, 6.13, first version of the structure. */
struct pidfd_info {
    uint64_t mask;
    uint64_t cgroupid;
    uint32_t pid, tgid, ppid;
    uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
};
#define PIDFD_GET_INFO _IOWR(0xff, 11, struct pidfd_info)
#define PIDFD_INFO_PID 1
#define PIDFD_INFO_CREDS 2
#define PIDFD_INFO_CGROUPID 4

/* nsfs file handles, 6.18. */
struct nsfs_file_handle {
    uint64_t ns_id;
    uint32_t ns_type;
    uint32_t ns_inum;
};
#define FILEID_NSFS 0xf1
#define FD_NSFS_ROOT (-10003)

/* openat2(2), 5.6. */
struct open_how {
    uint64_t flags, mode, resolve;
};
#define RESOLVE_NO_XDEV 0x01
#define RESOLVE_NO_MAGICLINKS 0x02
#define RESOLVE_IN_ROOT 0x10

/* listns(2), 6.19. */
struct ns_id_req {
    uint32_t size;
    uint32_t spare;
    uint64_t ns_id;
    uint32_t ns_type;
    uint32_t spare2;
    uint64_t user_ns_id;
};

/* Field 9 of /proc/PID/stat. */
#define PF_KTHREAD 0x00200000

#endif
