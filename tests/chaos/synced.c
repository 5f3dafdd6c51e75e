// What of a file is on disk: preloaded into a server, it writes down each fsync and fdatasync that succeeded, as
// "<inode> <bytes that the file had when it began> <monotonic seconds when it began>". A test that "cuts the power"
// takes from the files what no line covers; to kill a process alone leaves the kernel's memory, and loses nothing.
//
//   LD_PRELOAD=synced.so SYNCED_LOG=<file> server
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int log_file = -1;
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

__attribute__((constructor)) static void begin(void) {
  real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  const char* name = getenv("SYNCED_LOG");
  if (name) log_file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int sync_and_tell(int file, int (*real)(int)) {
  struct stat before;
  struct timespec begun;
  const int known = fstat(file, &before);
  clock_gettime(CLOCK_MONOTONIC, &begun);
  const int result = real(file);
  const int error = errno;
  if (result == 0 && known == 0 && log_file >= 0) {
    dprintf(log_file, "%lu %lld %lld.%06ld\n", (unsigned long)before.st_ino, (long long)before.st_size,
            (long long)begun.tv_sec, begun.tv_nsec / 1000);
  }
  errno = error;
  return result;
}

int fsync(int file) { return sync_and_tell(file, real_fsync); }
int fdatasync(int file) { return sync_and_tell(file, real_fdatasync); }
