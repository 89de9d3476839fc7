/* Asking a Python interpreter where TensorFlow's wheel is. */
#ifndef STELE_SRC_PYTHON_H
#define STELE_SRC_PYTHON_H

/* The folders of the package tensorflow that `python`, a program on PATH, would
 * import, a line each; it is not imported. To be freed; NULL when the
 * interpreter cannot be asked, with the reason in `why`, also to be freed. */
char *python_packages(const char *python, char **why);

#endif
