/* Pipes that a language's runtime has made non-blocking. */
#ifndef STELE_WORKER_BLOCKING_H
#define STELE_WORKER_BLOCKING_H

/* Makes reads and writes of a file descriptor wait again. A runtime may have
 * made the standard ones non-blocking at its start or since, as Crystal's does:
 * stdio then drops what a full pipe does not take, and takes an empty one for
 * the end. */
void make_blocking(int fd);

#endif
