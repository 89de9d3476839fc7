#include "blocking.h"

#include <fcntl.h>

void make_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags != -1 && (flags & O_NONBLOCK) != 0)
    (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}
