/* A wall clock that is off by what a file says: the file's eight bytes are nanoseconds, and whoever writes them moves the clock.
   Preloaded (LD_PRELOAD) with the file's path in MARQUE_CLOCK. Other clocks go on as they are, as when an administrator or NTP
   sets the time. It allocates nothing: an allocator may ask for the time before it is ready. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *off;

__attribute__((constructor)) static void open_file(void) {
    const char *path = getenv("MARQUE_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(0, sizeof *off, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) off = page;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int failed = (int)syscall(SYS_clock_gettime, clock, at);
    if (failed || !off || clock != CLOCK_REALTIME) return failed;
    int64_t nanos = (int64_t)at->tv_sec * 1000000000 + at->tv_nsec + *off;
    at->tv_sec = nanos / 1000000000;
    at->tv_nsec = nanos % 1000000000;
    return 0;
}
